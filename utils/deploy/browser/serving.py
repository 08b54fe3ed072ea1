"""A small server for the page: this computer alone can reach it, and it gives the files of one folder and nothing else."""

from __future__ import annotations

import errno
import gzip
import os
import threading
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from urllib.parse import unquote, urlsplit

HOST = "127.0.0.1"
TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".mjs": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".wasm": "application/wasm",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".onnx": "application/octet-stream",
    ".bin": "application/octet-stream",
}
LOCAL = "http://localhost:* http://127.0.0.1:*"
HEADERS = {
    # isolated from other pages, for which the browser gives a finer clock (5 microseconds in place of 100)
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Embedder-Policy": "require-corp",
    "Cross-Origin-Resource-Policy": "cross-origin",  # else a JupyterLab that is isolated itself could not frame the page
    # nothing from elsewhere, no code from strings, shown in frames of this computer's pages only
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'; style-src 'self'; img-src 'self' data:; "
        f"connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'self' {LOCAL}"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-cache",  # ask each time whether the file is still the same: labs write it again
}

_running: dict[Path, PageServer] = {}  # by folder, so that a cell that is run again stops what it started before


class PageServer:
    """Serves a folder from a thread of its own until it is stopped or Python ends. `url` is its address."""

    def __init__(self, folder: Path, port: int) -> None:
        self.folder = folder
        handler = type("Handler", (_Handler,), {"folder": folder})
        self._server = _Server((HOST, port), handler)
        self.port: int = self._server.server_address[1]
        self.url = f"http://{HOST}:{self.port}/"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.1}, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Free the port; once is enough, twice does no harm."""
        if self._thread.is_alive():
            self._server.shutdown()
            self._thread.join()
        self._server.server_close()
        if _running.get(self.folder) is self:
            del _running[self.folder]

    def wait(self) -> None:
        """Until it is stopped, or Ctrl-C (which Windows notices only between two waits)."""
        while self._thread.is_alive():
            self._thread.join(0.5)

    def __enter__(self) -> PageServer:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.stop()

    def __repr__(self) -> str:
        return f"<page of {self.folder} at {self.url}>"


def serve(folder: str | Path, port: int = 0) -> PageServer:
    """Serve a folder that `to_browser` wrote, on 127.0.0.1. port: 0 takes a free one.

    Another server of the same folder in this Python is stopped first, and its port used again if none is given.

    Raises:
        FileNotFoundError: the folder holds no page.
        OSError: the port is in use, or one that only an administrator may take.
    """
    folder = Path(folder).resolve()
    if not (folder / "settings.json").is_file() or not (folder / "index.html").is_file():
        raise FileNotFoundError(f"there is no page in {folder}: write it first with to_browser")
    before = _running.get(folder)
    if before:
        before.stop()
    try:
        server = _at_the_same_port(folder, before) if before and not port else PageServer(folder, port)
    except OSError as error:
        why = "is in use" if error.errno == errno.EADDRINUSE else f"can't be had ({error.strerror})"
        raise OSError(f"port {port} {why}: give another one, or 0 for any that is free") from error
    _running[folder] = server
    return server


def _at_the_same_port(folder: Path, before: PageServer) -> PageServer:
    """Where windows that are open look for it; somewhere else if the port was taken meanwhile."""
    try:
        return PageServer(folder, before.port)
    except OSError:
        return PageServer(folder, 0)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    allow_reuse_address = os.name != "nt"  # there it would share a port that is in use

    def handle_error(self, *_: object) -> None:
        """Nothing: a browser that goes away is no news, and a notebook would show every line."""


class _Handler(BaseHTTPRequestHandler):
    folder: Path
    protocol_version = "HTTP/1.1"
    server_version, sys_version = "titans", ""
    timeout = 30  # seconds that a silent connection may stay

    def do_GET(self) -> None:
        self._answer(body=True)

    def do_HEAD(self) -> None:
        self._answer(body=False)

    def _answer(self, body: bool) -> None:
        try:
            host, (path, packed) = urlsplit(f"//{self.headers.get('Host', '')}").hostname, self._file()
        except (ValueError, OSError):  # brackets that do not match, a name longer than names may be
            return self._fail(HTTPStatus.BAD_REQUEST, body)
        if host not in (HOST, "localhost"):
            return self._fail(HTTPStatus.FORBIDDEN, body)  # a foreign name that was made to point here
        if path is None:
            return self._fail(HTTPStatus.NOT_FOUND, body)
        state = path.stat()
        tag = f'"{state.st_mtime_ns:x}-{state.st_size:x}"'
        if self.headers.get("If-None-Match") == tag:
            return self._send(HTTPStatus.NOT_MODIFIED, {"ETag": tag}, None)
        kind = TYPES[path.with_suffix("").suffix if packed else path.suffix]
        headers, data = {"Content-Type": kind, "ETag": tag}, path.read_bytes()
        if packed and "gzip" in self.headers.get("Accept-Encoding", ""):
            headers["Content-Encoding"] = "gzip"
        elif packed:
            data = gzip.decompress(data)
        self._send(HTTPStatus.OK, headers, data, body)

    def _file(self) -> tuple[Path | None, bool]:
        """The file that is asked for, None unless it lies in the folder and is of a known type; whether it lies there compressed."""
        name = unquote(urlsplit(self.path).path).lstrip("/") or "index.html"
        if "\0" in name or "\\" in name or name.endswith("/"):
            return None, False
        for path, packed in ((self.folder / name, False), (self.folder / f"{name}.gz", True)):
            known = Path(name).suffix in TYPES
            if known and path.is_file() and path.resolve().is_relative_to(self.folder):
                return path, packed
        return None, False

    def _fail(self, status: HTTPStatus, body: bool) -> None:
        self._send(status, {"Content-Type": "text/plain; charset=utf-8"}, f"{status.phrase}\n".encode(), body)

    def _send(self, status: HTTPStatus, headers: dict[str, str], data: bytes | None, body: bool = True) -> None:
        try:
            self.send_response(status)
            for name, value in {**HEADERS, **headers}.items():
                self.send_header(name, value)
            if data is not None:
                self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            if data is not None and body:
                self.wfile.write(data)
        except (BrokenPipeError, ConnectionResetError):  # the browser went away: nobody is left to tell
            self.close_connection = True

    def log_message(self, *_: object) -> None:
        """Nothing: a notebook would show every line."""
