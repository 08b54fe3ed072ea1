"""Every lab in JupyterLab: does it run, is all of it on the screen, does what can be moved move, can it be read?

A lab is opened and run once; the tests look at that page one after the other. Pictures of the pages are
kept in the folder that the environment variable TITANS_SCREENSHOTS names.
"""

from __future__ import annotations

import json
import re
from functools import cache

import nbformat
import pytest
from playwright.sync_api import expect

from utils.files import ROOT
from utils.show.style import INK

from .notebook import DARK, ERROR, LIGHT, NARROW, WIDE, Notebook
from .readability import AA, CUT, TEXTS, Color, Text, contrast

LABS = sorted(path.stem for path in (ROOT / "labs").glob("[0-9][0-9]_*.ipynb"))
TABLES = ".jp-RenderedHTMLCommon"  # check tables, scorecards and sentences
WIDGETS = ".jupyter-widgets"
BROKEN = re.compile(r"Loading widget|Error displaying widget|[Mm]odel not found|Error creating widget")
ATTEMPT = "raise NotImplementedError"

# The darkest alpha of a picture, and the colours of its four corners.
PAPER = """
image => {
  const canvas = new OffscreenCanvas(image.naturalWidth, image.naturalHeight).getContext('2d');
  canvas.drawImage(image, 0, 0);
  const {data, width, height} = canvas.getImageData(0, 0, image.naturalWidth, image.naturalHeight);
  const corners = [0, width - 1, width * (height - 1), width * height - 1].map(at => [...data.slice(4 * at, 4 * at + 3)]);
  let alpha = 255;
  for (let at = 3; at < data.length; at += 4) alpha = Math.min(alpha, data[at]);
  return {alpha, corners};
}
"""

pytestmark = pytest.mark.slow
each_lab = pytest.mark.parametrize("lab", LABS, indirect=True)


@cache
def cells(lab: str, folder: str = "labs") -> list:
    """The cells of a lab as it is handed out, or of its solution."""
    return nbformat.read(ROOT / folder / f"{lab}.ipynb", as_version=4).cells


def calling(function: str):
    """Run a test for each cell of each lab that calls this function."""
    found = [(lab, at) for lab in LABS for at, cell in enumerate(cells(lab)) if cell.cell_type == "code" and f"{function}(" in cell.source]
    return pytest.mark.parametrize(("lab", "at"), found, indirect=["lab"], scope="module")


# It runs


@each_lab
def test_every_cell_runs_and_none_complains(lab: Notebook) -> None:
    """Is an untouched lab run to its end, without an error or a line on stderr?"""
    assert lab.output(ERROR).all_text_contents() == []
    code = [cell for cell in lab.ran.cells if cell.cell_type == "code"]
    assert [cell.execution_count for cell in code] == list(range(1, len(code) + 1))
    outputs = [output for cell in code for output in cell.outputs]
    assert not [output for output in outputs if output.output_type == "error" or output.get("name") == "stderr"]
    lab.screenshot("top", index=3)
    lab.screenshot("middle", index=len(lab.saved().cells) // 2)
    lab.screenshot("end", index=len(lab.saved().cells) - 1)


@each_lab
def test_nothing_pops_up(lab: Notebook) -> None:
    """No question about news, no dialog, no message that waits behind the bell."""
    assert lab.page.locator(".jp-Dialog, [class*=Toastify__toast]").all_inner_texts() == []
    expect(lab.page.locator(".jp-Notification-Status [role=button]")).to_have_attribute("title", "No notifications")


# All of it is there


@each_lab
def test_every_figure_is_on_the_page(lab: Notebook) -> None:
    """As many pictures as the file holds, each decoded, none blank."""
    lab.save()  # a guess may have been committed since: its answer is another output
    outputs = [output for cell in lab.saved().cells for output in cell.get("outputs", [])]
    shown = lab.output("img:not(.widget-image)")
    expect(shown).to_have_count(sum("image/png" in output.get("data", {}) for output in outputs))
    sizes = lab.output("img").evaluate_all("images => images.map(image => [image.complete, image.naturalWidth, image.naturalHeight])")
    assert sizes and all(complete and width > 100 and height > 100 for complete, width, height in sizes)


@each_lab
def test_every_widget_is_on_the_page(lab: Notebook) -> None:
    """As many as the file names, and none says that it can't be shown."""
    lab.save()  # a guess may have been committed since: its answer is another output
    outputs = [output for cell in lab.saved().cells for output in cell.get("outputs", [])]
    wanted = sum("application/vnd.jupyter.widget-view+json" in output.get("data", {}) for output in outputs)
    expect(lab.output(".jp-OutputArea-output > .jupyter-widgets")).to_have_count(wanted)
    assert not BROKEN.search(" ".join(lab.output().all_text_contents()))


# What can be moved moves


@calling("show.slider_figure")
def test_a_slider_moves_its_figure(lab: Notebook, at: int) -> None:
    """By the keyboard, as somebody without a mouse does it; back again gives the first picture again."""
    first, handle = lab.picture(at, "img.widget-image"), lab.output("[role=slider]", at)
    value = handle.get_attribute("aria-valuetext")
    handle.press("ArrowRight")
    lab.wait_until(lambda: lab.picture(at, "img.widget-image") != first, "the figure does not follow its slider")
    assert handle.get_attribute("aria-valuetext") != value
    lab.screenshot(f"slider-{at}", index=at)
    handle.press("ArrowLeft")
    lab.wait_until(lambda: lab.picture(at, "img.widget-image") == first, "the figure does not come back")


@calling("show.guess")
def test_a_guess_is_committed_and_drawn(lab: Notebook, at: int) -> None:
    """Asked again, moved by the keyboard, committed: it is locked, recorded, and stands in the figure that shows the answer."""
    variable, key = re.search(r"(\w+) = show\.guess\(\s*\"([^\"]+)\"", lab.saved().cells[at].source).groups()
    (answer,) = [n for n, cell in enumerate(lab.saved().cells) if re.search(rf"\b{variable}\.reveal\(", cell.source)]
    unanswered = lab.picture(answer)
    lab.run(at)
    handle, button = lab.output("[role=slider]", at), lab.output("button", at)
    before = lab.output(".widget-readout", at).inner_text()
    handle.press("ArrowRight")
    expect(lab.output(".widget-readout", at)).not_to_have_text(before)
    guess = float(lab.output(".widget-readout", at).inner_text())
    lab.screenshot(f"guess-{at}", index=at)
    button.click()
    expect(button).to_have_text("Committed")
    expect(button).to_be_disabled()
    assert json.loads((lab.home / "ledger.json").read_text())["guess"][key]["guess"] == guess
    lab.run(answer)
    lab.wait_until(lambda: lab.picture(answer) != unanswered, "the guess is not drawn")
    lab.screenshot(f"answer-{answer}", index=answer)


@calling("show.explorer")
def test_each_budget_breaks_something_at_its_tightest(lab: Notebook, at: int) -> None:
    """A slider of the explorer, moved to its strict end, redraws the grid; back at its start the first picture is back too."""
    first, sliders = lab.picture(at, "img.widget-image"), lab.output(".widget-slider", at)
    strict = {"deadline": "Home", "battery": "End", "RAM": "Home", "price": "Home"}
    back = {"Home": "ArrowRight", "End": "ArrowLeft"}
    assert [label.split()[0] for label in sliders.locator(".widget-label").all_text_contents()] == list(strict)
    for slider, key in zip(sliders.all(), strict.values(), strict=True):
        handle = slider.locator("[role=slider]")
        start = float(handle.get_attribute("aria-valuenow"))
        handle.press(key)
        lab.wait_until(lambda: lab.picture(at, "img.widget-image") != first, "the grid does not follow its slider")
        for _ in range(round(abs(start - float(handle.get_attribute("aria-valuenow"))))):
            handle.press(back[key])
        lab.wait_until(lambda: lab.picture(at, "img.widget-image") == first, "the grid does not come back")


# It can be read


@pytest.fixture(scope="module")
def tried(lab: Notebook) -> list[int]:
    """The lab after a right answer to its first exercise and two runs of a wrong one to its second; returns their check cells."""
    right, wrong = [at for at, cell in enumerate(cells(lab.lab)) if "exercise" in cell.metadata.get("tags", [])][:2]
    stub, solution = cells(lab.lab)[wrong], {cell.id: cell.source for cell in cells(lab.lab, "solutions")}
    first = re.search(r"def \w+\((\w+)", stub.source)[1]
    assert ATTEMPT in stub.source
    lab.write(right, solution[cells(lab.lab)[right].id])
    lab.write(wrong, stub.source.replace(ATTEMPT, f"return {first}"))
    for at in (right, wrong, wrong):  # from the second failure on the second hint is shown
        lab.run(at)
        lab.run(at + 1)
    lab.save()
    lab.reopen()  # what follows is read from the file, and from the kernel that still runs
    return [right + 1, wrong + 1]


@each_lab
@pytest.mark.parametrize(("theme", "width"), [(LIGHT, WIDE), (LIGHT, NARROW), (DARK, NARROW), (DARK, WIDE)])
def test_the_page_can_be_read(lab: Notebook, tried: list[int], theme: str, width: int) -> None:
    """Enough contrast for every word; nothing cut off, a scorecard in a narrow window apart."""
    lab.show(width, theme)
    keep_pictures(lab, f"{theme.split()[-1].lower()}-{width}", tried)
    texts = [Text.of(found) for found in lab.output(f"{TABLES}, {WIDGETS}").evaluate_all(TEXTS)]
    assert {"passed", "FAILED", "expected", "got", "hint"} <= {text.text for text in texts}
    assert sorted({(round(text.contrast, 2), text.text) for text in texts if text.contrast < AA}) == []
    tables = [lab.output(f"{TABLES}, {TABLES} *", at) for at in (tried if width == NARROW else [None])]
    parts = [*tables, lab.output("img"), lab.output(f"{WIDGETS}, .widget-label, .widget-readout")]
    assert [cut for part in parts for cut in part.evaluate_all(CUT)] == []


@each_lab
def test_figures_have_paper_of_their_own(lab: Notebook) -> None:
    """Whatever lies behind them: no part of a picture is transparent, and its corners let its words be read."""
    papers = lab.output("img").evaluate_all(f"images => images.map({PAPER})")
    assert papers and all(paper["alpha"] == 255 for paper in papers)
    assert min(contrast(ink(), (*corner, 1)) for paper in papers for corner in paper["corners"]) > AA


def ink() -> Color:
    """The colour that figures are written in."""
    red, green, blue = (int(INK[at : at + 2], 16) for at in (1, 3, 5))
    return red, green, blue, 1.0


def keep_pictures(lab: Notebook, name: str, checks: list[int]) -> None:
    """What there is to be seen of a lab in one theme and width: both check tables, each widget, the scorecard."""
    shown = {"check": checks}
    for function in ("slider_figure", "explorer", "guess", "compare"):
        shown[function] = [at for at, cell in enumerate(cells(lab.lab)) if f".{function}(" in cell.source]
    for what, places in shown.items():
        for at in places:
            lab.screenshot(f"{name}-{what}-{at}", index=at)


# Nobody else is asked


@each_lab
def test_no_other_computer_is_asked(lab: Notebook) -> None:
    """From the first page to the last, workers and sockets included."""
    assert lab.foreign == []


@each_lab
def test_the_console_has_no_errors(lab: Notebook) -> None:
    """Nor did a script of the page stop."""
    assert lab.complaints == []
