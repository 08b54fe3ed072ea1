"""The state of a training that was interrupted, in a file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch


def write_state(path: Path, state: dict, parts: dict[str, Any]) -> None:
    """Write the states of all parts: tensors and numbers only, so that reading them runs no code.

    state: plain values to be kept with them. parts: name -> an object with `state_dict` and `load_state_dict`.
    The old file is kept until the new one is complete.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file, layer = Path(folder) / "state", torch.nn.Linear(1, 1)
    ...     write_state(file, {"belongs": "lab", "history": [], "epoch": 2}, {"model": layer})
    ...     read_state(file, "lab", {"model": layer})["epoch"]
    2
    """
    partial = path.with_name(path.name + ".partial")
    torch.save({**state, **{name: part.state_dict() for name, part in parts.items()}}, partial)
    partial.replace(path)


def read_state(path: Path, belongs: Any, parts: dict[str, Any]) -> dict:
    """Load the states of all parts from a file of `write_state`; nothing is changed if the file is not theirs.

    belongs: what the file's entry of that name must equal.

    >>> read_state(Path("missing"), "lab", {})
    Traceback (most recent call last):
    ValueError: missing is not a whole training state (FileNotFoundError): delete it to start again

    Raises:
        ValueError: a file that is not a state, or a state of another training.
    """
    try:
        state = torch.load(path, weights_only=True)
        ours = state["belongs"] == belongs and state.keys() == {"belongs", "history", "epoch", *parts}
    except Exception as error:  # whatever the reader says of junk, or of a state without these entries
        raise ValueError(f"{path} is not a whole training state ({type(error).__name__}): delete it to start again") from error
    if not ours:
        raise ValueError(f"{path} was made with another configuration: delete it or use the old one")
    for name, part in parts.items():
        part.load_state_dict(state[name])
    return state
