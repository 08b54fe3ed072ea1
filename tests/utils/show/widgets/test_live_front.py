"""Does the figure of a search show what was found, while it runs and afterwards?"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from types import SimpleNamespace

import nbformat
import numpy as np
import pytest
from matplotlib.colors import to_rgb
from matplotlib.image import imread
from matplotlib.text import Text
from nbclient import NotebookClient

from tests.utils.compress.search.drawn import SPACE, Pretended
from utils.compress.search import Budget, SearchConfig, SearchResult, random_search, search
from utils.show import LiveFront
from utils.show.style import PAPER

BUDGET = Budget(file_bytes=14_000, macs=500_000)
CONFIG = SearchConfig(evaluations=20, population=8, sample=4, batch=4)


@dataclass
class Result:
    """What a search hands over: pairs of cost and accuracy, all of them the front."""

    points: list[tuple[float, float]]
    refused: int = 7

    @property
    def candidates(self):
        return [SimpleNamespace(counts=SimpleNamespace(macs=cost, file_bytes=cost), accuracy=value) for cost, value in self.points]

    def front(self, cost="macs"):
        return self.candidates


def words(chart) -> str:
    """All text in a figure."""
    return " ".join(" ".join(text.get_text() for text in chart.findobj(Text)).split())


def points(line) -> set[tuple[float, float]]:
    return {(float(x), float(y)) for x, y in line.get_xydata()}


def test_every_candidate_and_the_front_are_drawn() -> None:
    live = LiveFront(20, limit=500_000, every_s=0)
    result = search(SPACE, BUDGET, Pretended(), CONFIG, progress=live)
    old, new, front, limit = live.figure().axes[0].get_lines()
    assert points(old) == {(one.counts.macs, one.accuracy) for one in result.candidates} and not points(new)
    assert [tuple(at) for at in front.get_xydata()] == [(one.counts.macs, one.accuracy) for one in result.front()]
    assert list(limit.get_xdata()) == [500_000, 500_000]
    said = words(live.figure())
    assert f"{len(result.front())} of 20 candidates are on the front" in said and "limit of the budget" in said
    assert f"best: {result.best.accuracy:.1f} %" in said


def test_the_newest_candidates_stand_out_until_the_end() -> None:
    live = LiveFront(3, every_s=0)
    live(Result([(10, 50.0)]))
    live(Result([(10, 50.0), (20, 60.0)]))
    old, new, _ = live.figure().axes[0].get_lines()
    assert (points(old), points(new)) == ({(10.0, 50.0)}, {(20.0, 60.0)}) and "newest" in words(live.figure())
    live(Result([(10, 50.0), (20, 60.0), (30, 70.0)]))
    old, new, _ = live.figure().axes[0].get_lines()
    assert len(points(old)) == 3 and not points(new) and "newest" not in words(live.figure())


def test_a_control_is_drawn_beside_it() -> None:
    control = random_search(SPACE, BUDGET, Pretended(), CONFIG)
    live = LiveFront(20, "file_bytes", control=control, title="evolution")
    search(SPACE, BUDGET, Pretended(), CONFIG, progress=live)
    line = live.figure().axes[0].get_lines()[2]
    assert [tuple(at) for at in line.get_xydata()] == [(one.counts.file_bytes, one.accuracy) for one in control.front("file_bytes")]
    assert (
        f"control's best: {control.best.accuracy:.1f} %" in words(live.figure())
        and "bytes" in live.figure().axes[0].get_xlabel()
        and "evolution" in words(live.figure())
    )


def test_it_is_drawn_at_most_so_often_and_at_the_end() -> None:
    now = [0.0]
    live = LiveFront(100, every_s=1.0, clock=lambda: now[0])
    for done in range(1, 101):
        now[0] += 0.1
        live(Result([(at, at) for at in range(done)]))
    assert 9 <= live.updates <= 12 and len(live.figure().axes[0].get_lines()[0].get_xdata()) == 100


def test_a_search_that_finds_one_network_again_and_again_can_be_drawn() -> None:
    live = LiveFront(3)
    live(Result([(10, 50.0)] * 3))
    assert live.figure().png()


def test_nothing_is_drawn_where_nobody_watches(capfd, monkeypatch) -> None:
    monkeypatch.setattr(LiveFront, "figure", lambda self: pytest.fail("nobody sees it"))
    LiveFront(1)(Result([(10, 50.0)]))
    assert capfd.readouterr() == ("", "")


def test_a_terminal_gets_a_line(capsys, monkeypatch) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    live = LiveFront(2, every_s=0, clock=lambda: 0.0)
    live(Result([(10, 50.0)]))
    live(Result([(10, 50.0), (20, 61.25)], refused=1234))
    said = capsys.readouterr().err
    assert "1 of 2 networks evaluated, best estimate 50.00 %, 7 refused, about 0 s left" in said
    assert said.endswith("2 of 2 networks evaluated, best estimate 61.25 %, 1,234 refused\n")


def test_the_figure_has_paper_of_its_own_on_a_light_and_a_dark_page(tmp_path) -> None:
    """Opaque to its corners, so that the page's color never shows through; axes and labels are dark on it."""
    live = LiveFront(1, limit=20.0)
    live(Result([(10, 50.0)]))
    (tmp_path / "figure.png").write_bytes(live.figure().png())
    image = imread(tmp_path / "figure.png")
    assert image.shape[2] == 3 or (image[..., 3] == 1).all()
    corners = image[[0, 0, -1, -1], [0, -1, 0, -1], :3]
    assert np.abs(corners - to_rgb(PAPER)).max() < 0.01


@pytest.mark.parametrize(("evaluations", "cost"), [(0, "macs"), (5, "price")])
def test_what_can_not_be_drawn_is_refused(evaluations, cost) -> None:
    with pytest.raises(ValueError, match="need at least 1 evaluation and one of macs"):
        LiveFront(evaluations, cost)


def test_a_figure_before_the_search_is_refused() -> None:
    with pytest.raises(ValueError, match="hand this object to a search"):
        LiveFront(5).figure()


def test_a_result_of_a_search_is_enough() -> None:
    """The declared part of a result is what a search really gives."""
    assert {"candidates", "refused"} <= SearchResult.__dataclass_fields__.keys()


CELL = """
from utils.compress.search import Budget, SearchConfig, Space, Stage, search
from utils.show import LiveFront
space = Space((4, 8), (Stage((8, 12, 16)), Stage((16, 24))))
config = SearchConfig(evaluations=12, population=6, sample=3, batch=4)
found = search(space, Budget(macs=500_000), lambda one: one.features, config, progress=LiveFront(12, every_s=0))
"""


def test_in_a_notebook_one_line_and_one_picture_stay(tmp_path) -> None:
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(CELL)])
    NotebookClient(notebook, timeout=100, kernel_name="python3", resources={"metadata": {"path": str(tmp_path)}}).execute()
    line, picture = notebook.cells[0].outputs
    assert line["data"]["text/plain"].startswith("12 of 12 networks evaluated") and "image/png" in picture["data"]
