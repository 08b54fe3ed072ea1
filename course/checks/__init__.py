"""`start.py test`: the gate, and the same gate with the newest packages."""
