"""How a command speaks of what went wrong: one sentence for an error that a user can mend, and exit code 1."""

from __future__ import annotations

import errno
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn

import typer

from utils.files import my_work

FULL = (errno.ENOSPC, errno.EDQUOT)


def fail(sentence: object) -> NoReturn:
    """Show one sentence and end with exit code 1."""
    typer.echo(str(sentence), err=True)
    raise typer.Exit(1)


@contextmanager
def one_sentence() -> Iterator[None]:
    """Turn errors that a user can mend into one sentence and exit code 1."""
    try:
        yield
    except OSError as error:
        if error.errno is None:  # one of ours, a sentence already
            fail(error)
        place = Path(error.filename or my_work())
        place = place.parent if place.name.startswith(".") else place  # a file that nobody knows, on its way to become one
        remedy = "make room" if error.errno in FULL else "see that it can be read and written"
        fail(f"{place}: {error.strerror}. Nothing of yours was changed: {remedy} and try again.")
    except ValueError as error:
        fail(error)


@contextmanager
def spoken_warnings() -> Iterator[None]:
    """Print the project's own warnings as plain sentences."""
    with warnings.catch_warnings(record=True) as said:
        yield
    for warning in said:
        if warning.category is UserWarning and str(warning.message).startswith("the ledger"):
            typer.echo(str(warning.message), err=True)
