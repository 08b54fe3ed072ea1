"""Does the server give the files of one folder, as what they are, to this computer and to nobody else?"""

from __future__ import annotations

import errno
import gzip
import http.client
import os
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from utils.deploy.browser import Frame, PageServer, frame, serve, serving
from utils.deploy.browser.framing import ELSEWHERE


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A page of a few words, and a secret beside it."""
    page = tmp_path / "page"
    (page / "runtime").mkdir(parents=True)
    (page / "index.html").write_text("<title>page</title>")
    (page / "settings.json").write_text("{}")
    (page / "main.js").write_text("1")
    (page / "m.onnx").write_bytes(b"\0\1")
    (page / "notes.txt").write_text("a draft")
    (page / "runtime" / "ort.mjs").write_text("2")
    (page / "runtime" / "big.wasm.gz").write_bytes(gzip.compress(b"wasm" * 99))
    (tmp_path / "secret.json").write_text("secret")
    return page


@pytest.fixture
def server(folder: Path) -> Iterator[PageServer]:
    with serve(folder) as running:
        yield running


def get(server: PageServer, path: str, method: str = "GET", **headers: str) -> tuple[http.client.HTTPResponse, bytes]:
    """One request as it is written, without what clients tidy up."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)
    connection.putrequest(method, path, skip_host="Host" in headers, skip_accept_encoding=True)
    for name, value in headers.items():
        connection.putheader(name.replace("_", "-"), value)
    connection.endheaders()
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    return answer, body


TYPES = {
    "/": "text/html; charset=utf-8",
    "/index.html?x=1": "text/html; charset=utf-8",
    "/main.js": "text/javascript; charset=utf-8",
    "/runtime/ort.mjs": "text/javascript; charset=utf-8",
    "/runtime/big.wasm": "application/wasm",
    "/settings.json": "application/json",
    "/m.onnx": "application/octet-stream",
}


@pytest.mark.parametrize("path", TYPES)
def test_files_come_with_their_types(server: PageServer, path: str) -> None:
    """A browser runs no module and compiles no WebAssembly of another type."""
    answer, body = get(server, path)
    assert (answer.status, answer.headers["Content-Type"]) == (200, TYPES[path]) and body
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("path", ["/", "/runtime/big.wasm", "/none"])
def test_every_answer_is_isolated(server: PageServer, path: str) -> None:
    """Refusals too."""
    headers = get(server, path)[0].headers
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert headers["Cross-Origin-Embedder-Policy"] == "require-corp"
    policy = dict(part.strip().split(" ", 1) for part in headers["Content-Security-Policy"].split(";"))
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == "'self' 'wasm-unsafe-eval'"
    assert policy["connect-src"] == "'self'"


def test_a_compressed_file_goes_as_it_lies(server: PageServer, folder: Path) -> None:
    """Or unpacked, to whoever can't unpack it."""
    answer, body = get(server, "/runtime/big.wasm", Accept_Encoding="gzip, br")
    assert answer.headers["Content-Encoding"] == "gzip" and body == (folder / "runtime" / "big.wasm.gz").read_bytes()
    answer, body = get(server, "/runtime/big.wasm")
    assert answer.headers["Content-Encoding"] is None and body == b"wasm" * 99


@pytest.mark.parametrize(
    "path",
    [
        *(
            "/../secret.json",
            "/..%2fsecret.json",
            "/%2e%2e/secret.json",
            "/runtime/../../secret.json",
            "/....//secret.json",
            "//secret.json",
        ),
        *(
            "/..\\secret.json",
            "/..%5csecret.json",
            "/none.js",
            "/runtime",
            "/runtime/",
            "/notes.txt",
            "/main.js/",
            "/main.js%00",
            "/main.js%00.html",
        ),
        "/runtime/big.wasm.gz",
    ],
)
def test_nothing_else_is_given(server: PageServer, path: str) -> None:
    """No way out of the folder, no list of a folder, no file of a type that no page has."""
    answer, body = get(server, path)
    assert (answer.status, body) == (404, b"Not Found\n")


@pytest.mark.skipif(os.name == "nt", reason="links need a privilege there")
def test_links_do_not_lead_out(server: PageServer, folder: Path) -> None:
    (folder / "out.json").symlink_to(folder.parent / "secret.json")
    assert get(server, "/out.json")[0].status == 404


def test_an_absolute_path_is_none(server: PageServer, folder: Path) -> None:
    assert get(server, f"/{folder.parent / 'secret.json'}")[0].status == 404


@pytest.mark.parametrize(
    ("host", "status"), [("127.0.0.1:1", 200), ("localhost", 200), ("example.org", 403), ("127.0.0.1.example.org", 403), ("", 403)]
)
def test_another_name_for_this_computer_is_refused(server: PageServer, host: str, status: int) -> None:
    """A page from elsewhere could have its own name point here."""
    assert get(server, "/", Host=host)[0].status == status


@pytest.mark.parametrize(("path", "host"), [("/", "["), ("/", "[::1"), ("http://[/", "127.0.0.1"), (f"/{'a' * 300}.js", "127.0.0.1")])
def test_what_is_no_request_gets_an_answer_too(server: PageServer, path: str, host: str) -> None:
    """Found on 25 Nov 2026: the connection was closed without one."""
    answer, body = get(server, path, Host=host)
    assert answer.status in (400, 404) and body in (b"Bad Request\n", b"Not Found\n")


def test_only_reading_is_answered(server: PageServer) -> None:
    assert [get(server, "/", method)[0].status for method in ("POST", "PUT", "DELETE")] == [501] * 3
    answer, body = get(server, "/", "HEAD")
    assert (answer.status, body, int(answer.headers["Content-Length"])) == (200, b"", len("<title>page</title>"))


def test_a_file_is_sent_once_until_it_changes(server: PageServer, folder: Path) -> None:
    tag = get(server, "/m.onnx")[0].headers["ETag"]
    answer, body = get(server, "/m.onnx", If_None_Match=tag)
    assert (answer.status, body) == (304, b"")
    (folder / "m.onnx").write_bytes(b"another")
    assert get(server, "/m.onnx", If_None_Match=tag)[1] == b"another"


def test_it_listens_on_this_computer_alone(server: PageServer) -> None:
    assert server.url == f"http://127.0.0.1:{server.port}/"
    assert server._server.server_address[0] == "127.0.0.1"


def test_it_is_quiet(server: PageServer, capfd: pytest.CaptureFixture[str]) -> None:
    """Also for a browser that goes away in the middle."""
    get(server, "/")
    get(server, "/none")
    with socket.create_connection(("127.0.0.1", server.port)) as rude:
        rude.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
    with socket.create_connection(("127.0.0.1", server.port)) as rude:
        rude.sendall(b"nonsense\r\n\r\n")
        rude.recv(100)
    get(server, "/")
    assert capfd.readouterr() == ("", "")


def test_it_ends_and_may_end_twice(folder: Path) -> None:
    server = serve(folder)
    get(server, "/")
    server.stop()
    server.stop()
    with pytest.raises(ConnectionRefusedError):
        get(server, "/")
    assert not server._thread.is_alive()


def test_a_cell_that_runs_again_stops_what_it_started(folder: Path) -> None:
    """And the address stays, for windows that are open already."""
    first = serve(folder)
    threads = threading.active_count()
    second = serve(folder)
    try:
        assert second.url == first.url and not first._thread.is_alive() and threading.active_count() <= threads
        assert get(second, "/")[0].status == 200
    finally:
        first.stop()
        second.stop()


def test_two_folders_have_two_servers(folder: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    for name in ("index.html", "settings.json"):
        (other / name).write_text("{}")
    with serve(folder) as one, serve(other) as two:
        assert one.url != two.url
        assert get(one, "/")[1] != get(two, "/")[1]


def test_no_thread_of_it_keeps_python_alive(server: PageServer) -> None:
    assert server._thread.daemon and server._server.daemon_threads


def test_troubles_are_sentences(folder: Path, server: PageServer, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"no page in .*: write it first with to_browser"):
        serve(tmp_path)
    other = tmp_path / "other"
    other.mkdir()
    for name in ("index.html", "settings.json"):
        (other / name).write_text("{}")
    with pytest.raises(OSError, match=f"port {server.port} is in use: give another one"):
        serve(other, server.port)


def test_a_port_that_may_not_be_had_is_not_called_in_use(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def forbidden(*_: object) -> None:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(serving, "PageServer", forbidden)
    with pytest.raises(OSError, match=r"port 80 can't be had \(Permission denied\): give another one"):
        serve(folder, 80)


# In a notebook


def test_the_frame_has_a_title_a_link_and_the_address(server: PageServer, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ELSEWHERE:
        monkeypatch.delenv(name, raising=False)
    html = frame(server, height=500)._repr_html_()
    assert html.count(server.url) == 3 and f'<iframe src="{server.url}"' in html and 'height="500"' in html
    assert 'title="A page on which you draw' in html and f'<a href="{server.url}"' in html
    assert server.url in repr(frame(server))


@pytest.mark.parametrize("name", ELSEWHERE)
def test_where_the_browser_is_elsewhere_a_sentence_says_so(server: PageServer, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """The frame would be empty: 127.0.0.1 is another computer there."""
    monkeypatch.setenv(name, "1")
    html = frame(server)._repr_html_()
    assert "<iframe" not in html and "python3 start.py page" in html and "can't be shown here" in html


def test_an_address_can_not_break_out_of_the_frame() -> None:
    assert "<script" not in Frame('"><script>')._repr_html_()
