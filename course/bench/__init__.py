"""`start.py bench`: measure on this machine. Ratios with intervals; no time in it is a claim."""
