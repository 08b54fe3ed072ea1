"""What right answers to exercises share."""


def refuse_if(invalid):
    """Raise the error that the docstrings of most exercises ask for."""
    if invalid:
        raise ValueError("this input is invalid")
