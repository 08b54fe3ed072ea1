"""A Dask cluster of processes of this computer, for tests that kill some of them."""

import os
import signal
import socket
import subprocess
import sys


class Cluster:
    """A scheduler and workers, each a process of its own, joined by address."""

    def __init__(self, folder, **variables):
        """folder: for logs. variables: of the environment of all processes."""
        self.folder, self.variables, self.processes = folder, variables, []
        self.address = f"tcp://127.0.0.1:{free_port()}"
        self.start("scheduler", "--host", "127.0.0.1", "--port", self.address.rpartition(":")[2], "--no-dashboard")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def start(self, *command):
        log = (self.folder / f"{len(self.processes)}.log").open("wb")
        process = subprocess.Popen(
            [sys.executable, "-m", "distributed.cli.dask_" + command[0], *command[1:]],
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            env={**os.environ, **self.variables, "DASK_DISTRIBUTED__COMM__TIMEOUTS__CONNECT": "10s"},
            start_new_session=True,
        )
        self.processes.append(process)
        return process

    def worker(self):
        return self.start("worker", self.address, "--nthreads", "1", "--no-nanny", "--no-dashboard", "--host", "127.0.0.1")

    def wait_for(self, count):
        from distributed import Client

        with Client(self.address, timeout=60, set_as_default=False) as client:
            client.wait_for_workers(count, timeout=120)

    def close(self):
        for process in self.processes:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
