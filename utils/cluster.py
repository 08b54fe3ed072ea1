"""A Dask cluster for work that one computer is too slow for: grading a class, evaluating candidates of a search."""

from __future__ import annotations

from typing import Any


class ClusterError(RuntimeError):
    """A cluster can't be used; the text says why in a sentence."""


def connected(address: str) -> Any:
    """Return a client of the Dask scheduler at an address; it is a context manager that closes the connection.

    Raises:
        ClusterError: Dask is not installed, no scheduler answers, it has no worker, or a worker has no or another version of
            the course.
    """
    try:
        from distributed import Client
    except ImportError as error:
        raise ClusterError("a scheduler needs Dask: install it with 'pip install distributed' here and where its workers run") from error
    try:
        client = Client(address, timeout=10, set_as_default=False)
    except (OSError, ValueError) as error:
        raise ClusterError(f"no Dask scheduler answers at {address}: start one with 'dask scheduler'") from error
    try:
        _check(client, address)
    except BaseException:
        client.close()
        raise
    return client


def _check(client: Any, address: str) -> None:
    """Raise unless there are workers and all have this course."""
    if not client.scheduler_info()["workers"]:
        raise ClusterError(f"the Dask scheduler at {address} has no worker: start some with 'dask worker {address}'")
    mine = _version()
    for worker, found in client.run(_version_there, on_error="return").items():
        if found != mine:
            said = f"has version {found}" if isinstance(found, str) else "does not have it"
            raise ClusterError(
                f"this is version {mine} of the course and the Dask worker {worker} {said}: start it in the same environment"
            )


def _version() -> str:
    import utils

    return utils.__version__


def _version_there() -> str:
    """Return the version of a Dask worker; it fails where there is no course."""
    return _version()
