"""What lies among the files without being anybody's work: what computers leave behind, and what is hidden."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence

Parts = tuple[str, ...]

HIDDEN = "is hidden, because its name begins with a dot: it was not read"
_JUNK = {"__MACOSX", "__pycache__", "Thumbs.db", "desktop.ini", ".DS_Store"}
_JUNK |= {".ipynb_checkpoints", ".git", ".gitignore", ".venv", ".cache", ".config", ".local", ".ipython", ".jupyter", ".conda", ".npm"}
_JUNK |= {".idea", ".vscode", ".mypy_cache", ".pytest_cache", ".ruff_cache", ".Spotlight-V100", ".fseventsd", ".TemporaryItems"}
_WORK = (".ipynb", ".zip", ".onnx", ".safetensors")


def is_junk(name: str) -> bool:
    """Whether a file or a folder of this name is never anybody's work."""
    return name in _JUNK or name.startswith(("._", ".Trash"))


def is_hidden(name: str) -> bool:
    """Whether the name begins with a dot; "." and ".." are no such names."""
    return name.startswith(".") and bool(name.strip("."))


def may_be_work(name: str) -> bool:
    """Whether a file of this name may be something that was handed in: a notebook, a zip, a model."""
    return os.path.splitext(name)[1].lower() in _WORK


def hidden_work(files: Iterable[Sequence[str]]) -> list[Parts]:
    """The hidden folders and files among these that hold work, each once, in order."""
    found: dict[Parts, None] = {}
    for parts in files:
        at = next((at for at, part in enumerate(parts) if is_hidden(part)), None)
        if at is not None and not any(map(is_junk, parts)) and may_be_work(parts[-1]):
            found[tuple(parts[: at + 1])] = None
    return list(found)
