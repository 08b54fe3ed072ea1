"""The student's progress record: verdicts, guesses, tries and scorecards in one JSON file that two notebooks may write at once.

`my_work/ledger.json` contains {kind: {key: value}}; the entry that was recorded last is the last one. Exercises are
kind "exercise", key "01/magnitude_mask"; scorecards are kind "card", key the model's name. The
ledger is never worth a stopped lab: what goes wrong here is a warning of one sentence.
"""

from __future__ import annotations

import json
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from utils.files import my_work, write_atomically

try:
    import fcntl
except ImportError:  # not on Windows: writing is still atomic, only two notebooks at once may lose an entry
    fcntl = None  # type: ignore[assignment]

Entries = dict[str, dict[str, Any]]


def record(kind: str, key: str, value: Any) -> bool:
    """Keep `value` under kind and key instead of an older one; return whether it could be written.

    value: anything that JSON holds.

    Raises:
        TypeError: the value is nothing that JSON holds.
    """
    json.dumps(value)  # fails here, before anything is touched
    path = my_work() / "ledger.json"
    try:
        with _alone(path):
            entries = _load(path)
            of_kind = entries.setdefault(kind, {})
            of_kind.pop(key, None)
            of_kind[key] = value
            write_atomically(path, json.dumps(entries, indent=1) + "\n")
    except OSError as error:
        warnings.warn(f"the ledger could not be written ({error.strerror or error}): make {path.parent} writable", stacklevel=2)
        return False
    return True


def read() -> Entries:
    """All recorded entries: {kind: {key: value}}, empty if there is no ledger yet."""
    path = my_work() / "ledger.json"
    if not path.exists():
        return {}
    try:
        with _alone(path):
            return _load(path)
    except OSError as error:
        warnings.warn(f"the ledger could not be read ({error.strerror or error}): make {path} readable", stacklevel=2)
        return {}


def _load(path: Path) -> Entries:
    """The file's content. A damaged file is renamed, so that nothing in it is lost. The caller holds the lock."""
    try:
        entries = json.loads(path.read_bytes())
        if isinstance(entries, dict) and all(isinstance(of_kind, dict) for of_kind in entries.values()):
            return entries
    except FileNotFoundError:
        return {}
    except (ValueError, RecursionError):  # not JSON, not UTF-8
        pass
    number = 1
    while (aside := path.with_name(f"ledger.damaged-{number}.json")).exists():
        number += 1
    path.rename(aside)
    warnings.warn(f"the ledger was damaged: it is kept as {aside.name}, and a new one is begun", stacklevel=3)
    return {}


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    """Hold the ledger's lock. The lock is a file of its own, because the ledger itself is replaced at each write."""
    if fcntl is None:
        yield
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.with_name(".ledger.lock").open("a") as lock:
        with suppress(OSError):  # some network folders know no locks
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield  # closing the file lets go
