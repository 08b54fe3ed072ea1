"""Which cells of a submission run, on which inputs, and the marks that they get."""
