"""Training the networks of zoo/ by their recipes."""
