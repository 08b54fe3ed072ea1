"""Many submissions on many computers: the workers of a Dask scheduler, each with a pool of one of ours for each of its threads."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from uuid import uuid4

from course.grading.marks import LabMark
from course.grading.submission import Submission
from course.grading.text import visible
from course.grading.workers.pool import LIMIT_SECONDS, Failure, Outcome, Pool, PoolError, Started
from course.grading.workers.process import Recipe, packed, unpacked
from utils.cluster import ClusterError, connected

_HERE = threading.local()  # a Dask worker's thread keeps its pool of one warm


def _remote(recipe: Recipe, one: Mapping[str, Any], limit_s: float) -> dict[str, Any]:
    """Grade one submission on the computer of a Dask worker."""
    if getattr(_HERE, "recipe", None) != recipe:
        if hasattr(_HERE, "pool"):
            _HERE.pool.close()
        _HERE.recipe, _HERE.pool = recipe, Pool(recipe, 1, limit_s)
    try:
        ((_, found),) = _HERE.pool.grade([unpacked(one)])
    except PoolError as error:
        raise PoolError(f"{socket.gethostname()}: {error}") from error
    return {"failed": found.reason} if isinstance(found, Failure) else found.to_dict()


def grade_on_dask(
    submissions: Sequence[Submission], recipe: Recipe, address: str, started: Started = lambda one: None, limit_s: float = LIMIT_SECONDS
) -> Iterator[Outcome]:
    """The same by the workers of a Dask scheduler: each starts a process of ours for each of its threads.

    A submission whose worker is lost is graded by another one; its mark comes once. The workers see hidden inputs
    and judges: no student's code may run on that cluster but in our sandboxes.

    Raises:
        PoolError: Dask is not installed, nobody answers, no worker is there, or one lacks the course.
    """
    try:
        client = connected(address)
    except ClusterError as error:
        raise PoolError(str(error)) from error
    from distributed import as_completed

    with client:
        run = uuid4().hex
        futures = {}
        for at, one in enumerate(submissions):
            future = client.submit(_remote, recipe, packed(one), limit_s, key=f"titans-{run}-{at}", pure=False)
            futures[future] = one
            started(one)
        for future in as_completed(list(futures), loop=client.loop):
            yield futures.pop(future), _outcome(future)


def _outcome(future: Any) -> LabMark | Failure:
    try:
        found = future.result()
    except PoolError as error:
        raise PoolError(str(error)) from None
    except Exception as error:  # what Dask says of its workers
        return Failure(f"Dask could not run it: {visible(str(error))[:300] or type(error).__name__}")
    return Failure(found["failed"]) if "failed" in found else LabMark.from_dict(found)
