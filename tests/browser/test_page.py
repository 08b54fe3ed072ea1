"""The page of `utils.deploy.browser` in a real browser: Python's answers, for every hand and eye, and a sentence when it can't.

Pictures of it are kept in the folder that the environment variable TITANS_SCREENSHOTS names.
"""

from __future__ import annotations

import json
import re
import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper
from playwright.sync_api import Browser, Locator, Page, expect
from scipy.special import softmax

from utils.data import fashion_mnist
from utils.data.fashion_mnist import normalise
from utils.deploy import OnnxRunnable
from utils.deploy.browser import PageServer, frame, serve, zoo_page

from .readability import AA, TEXTS, Text

pytestmark = pytest.mark.slow

COUNT = 1000
SECONDS = 60
FLOAT_TOLERANCE = 1e-4  # of logits up to 6; the two runtimes add in another order (measured: 3e-6)
NAMES = ("float32", "int8")
START_AND_STOP = """
async () => {
  const [button, progress] = ['all', 'progress'].map(id => document.getElementById(id));
  const until = async holds => { while (!holds()) await new Promise(soon => setTimeout(soon, 2)); };
  button.click();
  await until(() => progress.value > 0.1);
  button.click();
  await until(() => progress.hidden);
  if (progress.value === 1) throw new Error('Stop did not stop it');
}
"""


@dataclass
class Visit:
    """A page in a window of its own. complaints: errors in the console, uncaught ones too. hosts: of all requests, workers' too."""

    page: Page
    complaints: list[str] = field(default_factory=list)
    hosts: set[str | None] = field(default_factory=set)

    def __call__(self, selector: str) -> Locator:
        return self.page.locator(selector)

    def ready(self) -> Visit:
        expect(self("#all")).to_be_enabled()
        return self

    def focus(self) -> str:
        """What the keyboard's focus is on: an id, else the value of a radio button, else the role."""
        return self.page.evaluate("(at => at.id || at.value || at.role || at.tagName)(document.activeElement)")

    def shares(self) -> list[float]:
        """The lengths of the bars, in percent."""
        return self("#bars .bar").evaluate_all("bars => bars.map(bar => parseFloat(bar.style.width))")

    def cells(self, row: str) -> list[str]:
        """The scorecard's row of this name."""
        return self("#scorecard tbody tr").filter(has_text=row).locator("td").all_inner_texts()

    def run_some(self) -> None:
        """Start the run over all photos and stop it after a tenth, however quick this computer is."""
        self.page.evaluate(START_AND_STOP)
        expect(self("#all")).to_contain_text("Run all")

    def run_all(self) -> None:
        self("#all").click()
        expect(self("#progress")).to_be_visible()
        expect(self("#progress")).to_be_hidden()


@contextmanager
def visiting(chromium: Browser, url: str, before: Callable[[Page], Any] = lambda page: None, **options: Any) -> Iterator[Visit]:
    expect.set_options(timeout=SECONDS * 1000)
    context = chromium.new_context(**options)
    page = context.new_page()
    page.set_default_timeout(SECONDS * 1000)
    visit = Visit(page)
    page.on("console", lambda message: visit.complaints.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: visit.complaints.append(str(error)))
    context.on("request", lambda request: visit.hosts.add(urlsplit(request.url).hostname))
    before(page)
    page.goto(url)
    yield visit
    context.close()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page of the zoo's pruned network in both formats, with a thousand photos."""
    return zoo_page(tmp_path_factory.mktemp("page"))


@pytest.fixture(scope="module")
def server(folder: Path) -> Iterator[PageServer]:
    with serve(folder) as running:
        yield running


@pytest.fixture(scope="module")
def url(server: PageServer) -> str:
    return server.url


@pytest.fixture(scope="module")
def shared(chromium: Browser, url: str) -> Iterator[Visit]:
    """One visit for the tests that only ask."""
    with visiting(chromium, url) as visit:
        yield visit.ready()


@pytest.fixture
def fresh(chromium: Browser, url: str, request: pytest.FixtureRequest) -> Iterator[Visit]:
    """A visit of the test's own, in which nothing goes wrong and nobody else is asked. param: options of the window."""
    with visiting(chromium, url, **getattr(request, "param", {})) as visit:
        yield visit.ready()
        assert visit.complaints == []
        assert visit.hosts == {"127.0.0.1"}


@pytest.fixture
def copy(folder: Path, tmp_path: Path) -> Path:
    """A page that a test may spoil."""
    return Path(shutil.copytree(folder, tmp_path / "page"))


# The same answers as in Python


def test_every_pixel_value_is_normalized_as_in_training(shared: Visit) -> None:
    """To the last bit: all 256 of them."""
    pixels = np.arange(256, dtype=np.uint8)
    expected = normalise(np.resize(pixels, (1, 28, 28))).numpy().ravel()[:256]
    found = shared.page.evaluate("pixels => titans.normalize(pixels)", pixels.tolist())
    np.testing.assert_array_equal(np.array(found), expected.astype(np.float64))


@pytest.fixture(scope="module", params=NAMES)
def logits(request: pytest.FixtureRequest, shared: Visit, folder: Path) -> tuple[str, np.ndarray, np.ndarray]:
    """(format, Python's logits, the page's) of a thousand photos that the page got as pixels."""
    photos = fashion_mnist("validation", COUNT)
    expected = OnnxRunnable(folder / "models" / f"{request.param}.onnx").run(photos.images.numpy())
    ask = "name => titans.predict(titans.settings.photos.flatMap(photo => [...photo.pixels]), name)"
    return request.param, expected, np.array(shared.page.evaluate(ask, request.param)).reshape(expected.shape)


def test_a_thousand_photos_get_the_same_answer_in_python(logits: tuple[str, np.ndarray, np.ndarray]) -> None:
    _, expected, found = logits
    np.testing.assert_array_equal(found.argmax(1), expected.argmax(1))


def test_the_logits_are_pythons(logits: tuple[str, np.ndarray, np.ndarray]) -> None:
    """Whole numbers have one right result; sums of floats depend on their order in the last digits."""
    name, expected, found = logits
    np.testing.assert_allclose(found, expected, rtol=0, atol=0 if name == "int8" else FLOAT_TOLERANCE)


def test_values_are_taken_as_they_are(shared: Visit) -> None:
    """A Float32Array is not normalized a second time."""
    pixels = list(range(0, 256, 4)) * 12 + [0] * 16
    twice = (
        "async pixels => [await titans.predict(pixels, 'int8'), await titans.predict(new Float32Array(titans.normalize(pixels)), 'int8')]"
    )
    by_pixels, by_values = shared.page.evaluate(twice, pixels)
    assert by_pixels == by_values


def test_medians_and_probabilities_are_numpys(shared: Visit) -> None:
    """Quantiles between two values and of one, probabilities of logits that would overflow."""
    values = np.random.default_rng(0).exponential(size=101).tolist()
    ask = "async ([values, share]) => (await import('./statistics.js')).quantile(values, share)"
    for some in (values, values[:100], values[:2], values[:1]):
        for share in (0, 0.5, 0.95, 1):
            assert shared.page.evaluate(ask, [some, share]) == pytest.approx(np.quantile(some, share), rel=1e-12)
    found = shared.page.evaluate("async logits => (await import('./statistics.js')).softmax(logits)", [1000.0, 1001.0, -1000.0])
    np.testing.assert_allclose(found, softmax([1000.0, 1001.0, -1000.0]), rtol=1e-12)


def test_times_can_be_asked_for(shared: Visit) -> None:
    times = shared.page.evaluate("titans.time('int8', 7)")
    assert len(times) == 7 and min(times) >= 0


def test_all_photos_give_pythons_accuracy(fresh: Visit, folder: Path) -> None:
    """Both networks, their agreement, a time for each: what the scorecard says is what Python counts."""
    photos = fashion_mnist("validation", COUNT)
    answers = [OnnxRunnable(folder / "models" / f"{name}.onnx").run(photos.images.numpy()).argmax(1) for name in NAMES]
    fresh.run_all()
    right = [f"{(said == photos.labels.numpy()).mean() * 100:.1f} %" for said in answers]
    assert fresh.cells("right on photos") == [*right, ""]
    assert fresh.cells("same answer") == [f"{(answers[0] == answers[1]).mean() * 100:.1f} % of 1,000"]
    assert all(re.fullmatch(r"[\d.]+ ms", text) for text in fresh.cells("median time")[:2])
    assert all(re.fullmatch(r"[\d,]+", text) for text in fresh.cells("images a second")[:2])
    expect(fresh("#spoken")).to_contain_text("right")
    expect(fresh("#histogram rect")).to_have_count(20)


def test_the_scorecard_knows_the_files(shared: Visit, folder: Path) -> None:
    """Bytes as the file system has them, parameters and MACs as Python counts them."""
    files = [OnnxRunnable(folder / "models" / f"{name}.onnx") for name in NAMES]
    assert shared.cells("parameters")[:2] == [f"{file.parameters:,}" for file in files]
    assert shared.cells("size of the file") == ["1.5 MB", "395 kB", "3.8\u00a0\u00d7"]
    assert files[1].size_bytes == pytest.approx(395e3, rel=1e-2)
    assert shared.cells("MACs")[0] == f"{files[0].macs / 1e6:.3g} M"


# Drawing


def test_a_drawing_gets_bars_and_an_answer(fresh: Visit) -> None:
    """By the mouse: nothing is said of an empty board, something of a stroke, and Undo goes back."""
    fresh("#clear").click()
    expect(fresh("#verdict")).to_have_text("nothing is drawn yet")
    assert set(fresh.shares()) == {0}
    box = fresh("#board").bounding_box()
    assert box
    fresh.page.mouse.move(box["x"] + box["width"] * 0.3, box["y"] + box["height"] * 0.3)
    fresh.page.mouse.down()
    fresh.page.mouse.move(box["x"] + box["width"] * 0.7, box["y"] + box["height"] * 0.7, steps=8)
    fresh.page.mouse.up()
    expect(fresh("#verdict")).not_to_have_text("nothing is drawn yet")
    expect(fresh("#bars .best")).to_have_count(1)
    assert sum(fresh.shares()) == pytest.approx(100, abs=0.1)
    expect(fresh("#source")).to_contain_text("centered")
    fresh("#undo").click()
    expect(fresh("#verdict")).to_have_text("nothing is drawn yet")


@pytest.mark.parametrize("fresh", [{"has_touch": True, "viewport": {"width": 360, "height": 740}}], indirect=True)
def test_a_finger_draws(fresh: Visit) -> None:
    fresh("#clear").tap()
    fresh("#board").tap(position={"x": 100, "y": 100})
    expect(fresh("#bars .best")).to_have_count(1)


def test_a_drawing_is_centered_and_scaled_as_the_photos_are(shared: Visit) -> None:
    """Where and how large it was drawn does not matter; what fills the picture already is left as it is."""

    def centered(picture: np.ndarray) -> np.ndarray:
        return np.array(shared.page.evaluate("pixels => titans.centered(pixels)", picture.ravel().tolist())).reshape(28, 28)

    shape = np.zeros((28, 28), np.uint8)
    shape[:14, :7] = np.arange(1, 15)[:, None] * 8 + 100
    moved = np.roll(shape, (9, 17), (0, 1))
    np.testing.assert_array_equal(centered(shape), centered(moved))
    whole = np.zeros((28, 28), np.uint8)
    whole[:, 7:21] = 100 + np.arange(28)[:, None]
    np.testing.assert_array_equal(centered(whole), whole)
    found = centered(moved)
    rows, columns = np.flatnonzero(found.any(1)), np.flatnonzero(found.any(0))
    assert (rows[0], rows[-1]) == (0, 27) and columns[0] + columns[-1] == 27
    assert not centered(np.zeros((28, 28), np.uint8)).any()


def test_a_photo_reaches_the_network_untouched(fresh: Visit) -> None:
    """What is seen are the photo's pixels, also after somebody has drawn on another one."""
    fresh("#board").click(position={"x": 5, "y": 5})
    expect(fresh("#source")).to_contain_text("drawn on")
    fresh("#strip canvas").nth(9).click()
    shown = "id => [...document.getElementById(id).getContext('2d').getImageData(0, 0, 28, 28).data].filter((_, at) => at % 4 === 0)"
    at = int(re.search(r"photo (\d+)", fresh("#strip canvas").nth(9).get_attribute("aria-label"))[1]) - 1
    pixels = fresh.page.evaluate("at => [...titans.settings.photos[at].pixels]", at)
    assert fresh.page.evaluate(shown, "seen") == pixels == fresh.page.evaluate(shown, "board")


def test_fill_fills_an_outline_and_stays_inside(fresh: Visit) -> None:
    """A ring by the keys, then filled: its middle is bright, the corner dark."""
    fresh("#clear").click()
    fresh("input[value=fine]").check()
    fresh("#board").focus()
    for key in ("ArrowRight", "ArrowDown", "ArrowLeft", "ArrowUp"):
        for _ in range(6):
            fresh.page.keyboard.press(f"Shift+{key}")
    fresh("input[value=fill]").check()
    box = fresh("#board").bounding_box()
    assert box
    fresh("#board").click(position={"x": box["width"] * 17.5 / 28, "y": box["height"] * 17.5 / 28})
    read = "([x, y]) => document.getElementById('board').getContext('2d').getImageData(x, y, 1, 1).data[0]"
    assert [fresh.page.evaluate(read, place) for place in ([17, 17], [2, 2], [25, 17])] == [208, 0, 0]


# By keys alone


def test_the_tab_key_reaches_everything_in_order(fresh: Visit) -> None:
    """None is left out or a trap, and each shows that it has the focus."""
    fresh.page.evaluate("document.activeElement.blur()")
    visited = []
    for _ in range(7):
        fresh.page.keyboard.press("Tab")
        visited.append(fresh.focus())
        assert fresh.page.evaluate("parseFloat(getComputedStyle(document.activeElement).outlineWidth)") >= 2, visited
    assert visited == ["board", "clear", "broad", "more", "option", "float32", "all"]
    fresh.page.keyboard.press("Shift+Tab")
    assert fresh.focus() == "float32"


def test_arrow_keys_choose_photos(fresh: Visit) -> None:
    """Right and left by class, up and down within one, Home and End; one of them is always selected and has the focus."""
    strip, first = fresh("#strip canvas"), fresh("#strip canvas").first
    expect(strip).to_have_count(20)
    first.focus()
    for key, place in (("ArrowRight", 2), ("ArrowDown", 3), ("ArrowLeft", 1), ("ArrowUp", 0), ("ArrowUp", 0), ("End", 19), ("Home", 0)):
        fresh.page.keyboard.press(key)
        expect(fresh("#strip [aria-selected=true]")).to_have_count(1)
        expect(strip.nth(place)).to_have_attribute("aria-selected", "true")
        expect(strip.nth(place)).to_be_focused()
    labels = strip.evaluate_all("options => options.map(option => option.ariaLabel.split(',')[0])")
    assert labels == [name for name in fashion_mnist("validation", 1).classes for _ in range(2)]


def test_other_photos_are_others(fresh: Visit) -> None:
    before = fresh("#strip canvas").evaluate_all("options => options.map(option => option.ariaLabel)")
    fresh("#more").press("Enter")
    after = fresh("#strip canvas").evaluate_all("options => options.map(option => option.ariaLabel)")
    assert len(after) == 20 and not set(before) & set(after)


def test_keys_draw(fresh: Visit) -> None:
    """Arrows alone move, with Shift they draw, Space makes a dot; Tab leaves the board."""
    fresh("#clear").click()
    fresh("#board").focus()
    for key in ("ArrowLeft", "ArrowLeft", "ArrowUp"):
        fresh.page.keyboard.press(key)
    expect(fresh("#verdict")).to_have_text("nothing is drawn yet")
    fresh.page.keyboard.press("Shift+ArrowDown")
    fresh.page.keyboard.press("Space")
    expect(fresh("#bars .best")).to_have_count(1)
    fresh.page.keyboard.press("Tab")
    assert fresh.focus() == "undo"


def test_the_switch_changes_the_network(fresh: Visit) -> None:
    """By its arrow key: other bars, other times, and it is said."""
    before = fresh.shares()
    expect(fresh("#times")).to_contain_text("float32")
    fresh("input[value=float32]").focus()
    fresh.page.keyboard.press("ArrowRight")
    expect(fresh("#times")).to_contain_text("int8: median")
    expect(fresh("#spoken")).to_contain_text("int8 says")
    assert fresh.shares() != before and fresh.shares() == pytest.approx(before, abs=2)
    expect(fresh("#switch")).to_have_role("group")
    expect(fresh("#histogram")).to_have_attribute("aria-label", re.compile(r"the last \d times: median \S+ ms\.$"))


def test_a_slow_end_is_told_from_twenty_times_on(fresh: Visit) -> None:
    """The slow end of one time is that time: it says nothing."""
    assert "95 %" not in fresh("#times").inner_text()
    assert fresh.cells("95 % within") == ["\N{EN DASH}", "\N{EN DASH}", ""]  # two networks, and no ratio
    fresh.run_all()
    expect(fresh("#histogram")).to_have_attribute("aria-label", re.compile(r"median .* ms, 95 % within .* ms"))
    expect(fresh("#times")).to_contain_text("95 % within")
    assert fresh.cells("95 % within")[0].endswith(" ms")  # the other one was not run


# For every eye


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 768, 1280])
def test_it_can_be_read(chromium: Browser, url: str, screenshots: Path | None, scheme: Any, width: int) -> None:
    """No scrolling sideways, no text beyond its frame, contrast enough for each of them; nothing complains."""
    with visiting(chromium, url, color_scheme=scheme, viewport={"width": width, "height": 900}) as visit:
        visit.ready().run_some()
        visit("#strip canvas").nth(16).click()
        expect(visit("#source")).to_contain_text("bag")
        assert visit.page.evaluate("document.documentElement.scrollWidth") == width
        texts = [Text.of(found) for found in visit("body").evaluate_all(TEXTS)]
        assert {"Draw a garment", "Scorecard", "float32", "int8", "ratio"} <= {text.text for text in texts}
        assert sorted({(round(text.contrast, 2), text.text) for text in texts if text.contrast < AA}) == []
        cut = "all => all.filter(at => at.scrollWidth > at.clientWidth + 1 && at.clientWidth > 1).map(at => at.outerHTML.slice(0, 90))"
        assert visit("section :is(h2, p, li, label, button, td, th, figcaption)").evaluate_all(cut) == []
        if screenshots:
            visit.page.screenshot(path=screenshots / f"page-{scheme}-{width}.png", full_page=True, animations="disabled")
        assert visit.complaints == []


@pytest.mark.parametrize(("motion", "seconds"), [("reduce", "0s"), ("no-preference", "0.12s")])
def test_bars_glide_only_for_those_who_like_it(chromium: Browser, url: str, motion: Any, seconds: str) -> None:
    with visiting(chromium, url, reduced_motion=motion) as visit:
        expect(visit.ready()("#bars .bar").first).to_have_css("transition-duration", seconds)


def test_everything_that_can_be_used_has_a_name(fresh: Visit) -> None:
    """What a screen reader says: each control and picture by its role and name."""
    page = fresh.page
    for role, name in (
        *(("button", "Undo"), ("button", "Clear"), ("button", "Other photos"), ("button", "Run all 1,000 photos")),
        *(("radio", "Broad"), ("radio", "Fill"), ("radio", "float32"), ("radio", "int8"), ("group", "Network"), ("group", "Tool")),
        *(("listbox", "Photos, two of each class"), ("application", "28 by 28 pixels"), ("list", "Probability of each class")),
        *(("img", "The picture that the network sees"), ("rowheader", "median time"), ("columnheader", "int8")),
    ):
        expect(page.get_by_role(role, name=name, exact=True)).to_have_count(1)  # type: ignore[arg-type]
    expect(page.get_by_role("option")).to_have_count(20)
    expect(page.get_by_role("heading", level=2)).to_have_count(5)


# Isolated, framed, left alone


def test_no_code_from_strings_runs(chromium: Browser, url: str) -> None:
    """The policy that the server sends is in force."""
    with visiting(chromium, url) as visit:
        visit.ready()
        assert visit.page.evaluate("crossOriginIsolated")
        visit.page.evaluate("document.body.append(Object.assign(document.createElement('script'), {textContent: 'window.broken = 1'}))")
        assert visit.page.evaluate("window.broken") is None
        assert visit.page.evaluate("fetch('http://localhost:9/').then(() => 'sent', () => 'refused')") == "refused"
        assert any("Content Security Policy" in text for text in visit.complaints)


def test_another_page_of_this_computer_may_frame_it(chromium: Browser, server: PageServer, tmp_path: Path) -> None:
    """As JupyterLab does, from another port and by the name localhost."""
    (tmp_path / "index.html").write_text(f"<!doctype html><title>t</title>{frame(server)._repr_html_()}")
    outer = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(tmp_path)))
    threading.Thread(target=outer.serve_forever, daemon=True).start()
    with visiting(chromium, f"http://localhost:{outer.server_address[1]}/") as visit:
        inside = visit.page.frame_locator("iframe")
        expect(inside.locator("#all")).to_be_enabled()
        expect(inside.locator("#bars .best")).to_have_count(1)
        expect(inside.locator("#times-note")).to_contain_text("steps of 0.1 ms")
        assert [text for text in visit.complaints if "favicon" not in text and "404" not in text] == []
    outer.shutdown()
    outer.server_close()


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: Any) -> None:
        pass


def test_once_loaded_it_needs_no_server(chromium: Browser, copy: Path) -> None:
    with serve(copy) as server, visiting(chromium, server.url) as visit:
        visit.ready()
        server.stop()
        visit("#strip canvas").nth(12).click()
        visit("input[value=int8]").check()
        expect(visit("#times")).to_contain_text("int8: median")
        assert visit.complaints == []


# What it says when it can't


def spoilt(network: bytes) -> Callable[[Path], Any]:
    """Put this in the place of the int8 network."""
    return lambda folder: (folder / "models" / "int8.onnx").write_bytes(network)


def linear(side: int, classes: int, opset: int = 20) -> bytes:
    """A network of one matrix product for pictures of side x side."""
    weight = numpy_helper.from_array(np.zeros((side * side, classes), np.float32), "w")
    nodes = [helper.make_node("Flatten", ["x"], ["flat"]), helper.make_node("MatMul", ["flat", "w"], ["y"])]
    x = helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", 1, side, side])
    y = helper.make_tensor_value_info("y", TensorProto.FLOAT, ["n", classes])
    graph = helper.make_graph(nodes, "linear", [x], [y], [weight])
    model: onnx.ModelProto = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=10)
    return model.SerializeToString()


TROUBLES = {
    "missing": (lambda folder: (folder / "models" / "int8.onnx").unlink(), "models/int8.onnx is missing"),
    "corrupt": (spoilt(b"no network" * 99), "models/int8.onnx is damaged"),
    "empty": (spoilt(b""), "models/int8.onnx is damaged"),
    "cut off": (lambda folder: spoilt((folder / "models" / "int8.onnx").read_bytes()[:200_000])(folder), "models/int8.onnx is damaged"),
    "another shape": (spoilt(linear(32, 10)), "takes no picture of 1 x 28 x 28"),
    "other classes": (spoilt(linear(28, 7)), "gives 7 values and there are 10 classes"),
    "too new": (spoilt(linear(28, 10, opset=27)), "models/int8.onnx is damaged or no network that the browser can run"),
}


@pytest.mark.parametrize("what", TROUBLES)
def test_a_bad_network_is_named_and_the_other_one_works(chromium: Browser, copy: Path, what: str) -> None:
    spoil, sentence = TROUBLES[what]
    spoil(copy)
    with serve(copy) as server, visiting(chromium, server.url) as visit:
        expect(visit("#trouble")).to_contain_text(sentence)
        expect(visit("#trouble")).to_have_role("alert")
        expect(visit("input[value=int8]")).to_be_disabled()
        visit.ready()
        visit("#strip canvas").nth(4).click()
        expect(visit("#bars .best")).to_have_count(1)
        visit.run_some()
        assert visit.cells("right on photos")[1] == "\u2013"
        assert not re.search(r"/\w+/\w+/\w+/|undefined|\[object", visit("#trouble").inner_text())


def test_if_the_first_network_is_bad_the_second_one_answers(chromium: Browser, copy: Path) -> None:
    (copy / "models" / "float32.onnx").write_bytes(b"no network")
    with serve(copy) as server, visiting(chromium, server.url) as visit:
        expect(visit("#trouble")).to_contain_text("float32.onnx is damaged")
        expect(visit("input[value=int8]")).to_be_checked()
        expect(visit("#times")).to_contain_text("int8: median")


def test_without_any_network_it_says_so(chromium: Browser, copy: Path, screenshots: Path | None) -> None:
    shutil.rmtree(copy / "models")
    with serve(copy) as server, visiting(chromium, server.url, viewport={"width": 360, "height": 900}) as visit:
        expect(visit("#verdict")).to_have_text("no network could be loaded")
        expect(visit("#trouble")).to_contain_text("float32.onnx is missing")
        expect(visit("#all")).to_be_disabled()
        assert visit.page.evaluate("document.documentElement.scrollWidth") == 360
        if screenshots:
            visit.page.screenshot(path=screenshots / "page-no-network.png", full_page=True)


@pytest.mark.parametrize("name", ["settings.json", "photos.bin"])
def test_damaged_settings_are_named(chromium: Browser, copy: Path, name: str) -> None:
    (copy / name).write_bytes(b"{")
    with serve(copy) as server, visiting(chromium, server.url) as visit:
        expect(visit("#trouble")).to_contain_text(f"{name} is damaged")


def test_a_missing_runtime_is_named(chromium: Browser, copy: Path) -> None:
    (copy / "runtime" / "ort-wasm-simd-threaded.wasm.gz").unlink()
    with serve(copy) as server, visiting(chromium, server.url) as visit:
        expect(visit("#trouble")).to_contain_text("The runtime could not be loaded")


def test_a_runtime_that_ends_at_once_leaves_nobody_waiting(chromium: Browser, copy: Path) -> None:
    """Found on 25 Nov 2026: what was asked after the worker had ended was never answered, and the page said that it was loading."""
    (copy / "runtime" / "ort.wasm.min.mjs").unlink()
    with serve(copy) as server, visiting(chromium, server.url) as visit:
        expect(visit("#trouble")).to_contain_text("The runtime could not be loaded")
        expect(visit("#verdict")).to_have_text("no network could be loaded")


def test_a_run_that_fails_is_named_and_ends(fresh: Visit) -> None:
    """Found on 25 Nov 2026: the button went on saying "Stop", and nothing said why."""
    fresh.page.evaluate("void (titans.networks.run = () => Promise.reject(new Error('out of memory')))")
    fresh("#all").click()
    expect(fresh("#trouble")).to_contain_text("out of memory")
    expect(fresh("#progress")).to_be_hidden()
    expect(fresh("#all")).to_contain_text("Run all")


def test_a_server_that_died_on_the_way_is_named(chromium: Browser, url: str) -> None:
    with visiting(chromium, url, lambda page: page.route("**/int8.onnx", lambda route: route.abort())) as visit:
        expect(visit("#trouble")).to_contain_text("The server does not answer")
        expect(visit("#trouble")).to_contain_text("python3 start.py page")


@pytest.mark.parametrize(
    ("script", "sentence"),
    [
        ("const whole = WebAssembly.validate; WebAssembly.validate = bytes => bytes.length > 60 && whole(bytes)", "has no SIMD"),
        ("delete window.WebAssembly", "has no WebAssembly"),
    ],
)
def test_a_browser_that_can_not_is_told_so(chromium: Browser, url: str, script: str, sentence: str) -> None:
    with visiting(chromium, url, lambda page: page.add_init_script(script)) as visit:
        expect(visit("#trouble")).to_contain_text(sentence)
        expect(visit("#verdict")).to_have_text("")


FIRST = """
() => Promise.race([
  titans.predict(titans.settings.photos[0].pixels, 'int8').then(() => 'the network'),
  new Promise(soon => setTimeout(() => soon('the page'), 1)),
])
"""


def test_a_slow_network_leaves_the_page_usable(chromium: Browser, copy: Path) -> None:
    """More than a second an image: it is called slow, and whatever the page has to do comes before its answer."""
    worker = (copy / "worker.js").read_text()
    wait = "const until = Date.now() + 1100; while (Date.now() < until);\n  const output"
    assert worker.count("const output") == 1
    (copy / "worker.js").write_text(worker.replace("const output", wait))
    with serve(copy) as server, visiting(chromium, server.url) as visit:
        expect(visit("#latency")).to_have_class("slow")
        expect(visit("#times-note")).to_contain_text("Slow: more than a second an image")
        visit("#clear").click()
        visit("#board").focus()
        for _ in range(5):
            visit.page.keyboard.press("Shift+ArrowDown")
        drawn = visit.page.evaluate("document.getElementById('board').getContext('2d').getImageData(14, 16, 1, 1).data[0]")
        assert drawn > 0
        expect(visit("#bars .best")).to_have_count(1)
        assert visit.page.evaluate(FIRST) == "the page"
        assert visit.complaints == []


def test_settings_say_where_everything_is(folder: Path) -> None:
    """The page reads nothing that they do not name, and they name nothing that is not there."""
    settings = json.loads((folder / "settings.json").read_text())
    named = [*(model["file"] for model in settings["models"]), settings["examples"]["file"]]
    assert all((folder / name).is_file() for name in named)
    assert [model["name"] for model in settings["models"]] == list(NAMES)
