"""Do guesses, sliders and live figures work in a notebook, with nobody in front of it, and in a plain process?"""

from __future__ import annotations

import sys

import nbformat
import pytest
import torch
from nbclient import NotebookClient

import utils
from utils import ledger, show
from utils.show import Live
from utils.show.widgets.slider import slider_widget


def words(chart) -> str:
    """All text in a figure."""
    return " ".join(text.get_text() for axes in chart.axes for text in axes.texts)


def test_an_untouched_guess_is_none_and_the_figure_says_so() -> None:
    """Moving the slider without committing is no guess either."""
    guess = show.guess("k", "How many percent can go?", 0, 100, 1, "%", record=lambda *entry: pytest.fail("nothing was committed"))
    guess.widget().children[1].children[0].value = 70
    assert guess.value is None and "no guess" in repr(guess)
    assert "no guess" in words(guess.reveal(96.4))


def test_the_button_commits_the_sliders_value_once() -> None:
    """Afterwards slider and button are locked, the journey has it, and the figure shows both numbers."""
    ledger, said = [], []
    guess = show.guess("k", "How many percent can go?", 0, 100, 1, "%", record=lambda *entry: ledger.append(entry))
    slider, _, button = guess.widget().children[1].children
    button.observe(lambda change: said.append((change["new"], len(ledger))), "description")
    slider.value = 70
    button.click()
    assert said == [("Committed", 1)], "it is said when it is kept"
    assert guess.value == 70 and slider.disabled and button.disabled
    assert ledger == [("guess", "k", {"question": "How many percent can go?", "guess": 70.0, "unit": "%"})]
    text = words(guess.reveal(96.4))
    assert "your guess: 70 %" in text and "measured: 96.4 %" in text


def test_nobody_can_guess_after_the_answer() -> None:
    """The prediction comes before the instrument."""
    guess = show.guess("k", "How many?", 0, 10)
    slider, _, button = guess.widget().children[1].children
    guess.reveal(3)
    assert slider.disabled and button.disabled
    with pytest.raises(ValueError, match="has been shown"):
        guess.commit(3)
    assert guess.value is None


@pytest.fixture
def waiting(monkeypatch):
    """A guess in a notebook, and the picture and the button that wait for it."""
    monkeypatch.delenv("TITANS_STRICT", raising=False)
    monkeypatch.setattr(sys.modules["utils.show.widgets.guess"], "in_notebook", lambda: True)
    guess = show.guess("k", "How many?", 0, 10)
    return guess, *guess.reveal(4).children


def test_run_all_gives_no_answer_away(waiting) -> None:
    """The figure is empty, and the question can still be answered; the answer then takes the empty figure's place."""
    guess, image, button = waiting
    empty = image.value
    assert guess.value is None and not button.disabled and button.description == "Show anyway"
    assert guess.reveal(7).children[0].value == empty, "nothing of the number is in it"
    guess.commit(3)
    assert isinstance(guess.reveal(4), show.Chart) and "your guess: 3" in words(guess.reveal(4))


def test_the_answer_appears_when_the_guess_is_committed(waiting) -> None:
    guess, image, button = waiting
    empty = image.value
    guess.commit(3)
    assert image.value != empty and button.disabled


def test_the_answer_is_shown_without_a_guess_to_whoever_asks(waiting) -> None:
    guess, image, button = waiting
    empty = image.value
    button.click()
    assert image.value != empty and button.disabled and guess.value is None
    assert "no guess" in words(guess.reveal(4)), "from then on it is an ordinary figure"
    with pytest.raises(ValueError, match="has been shown"):
        guess.commit(3)


def test_a_strict_run_waits_for_nobody(monkeypatch) -> None:
    monkeypatch.setenv("TITANS_STRICT", "1")
    monkeypatch.setattr(sys.modules["utils.show.widgets.guess"], "in_notebook", lambda: True)
    assert "no guess" in words(show.guess("k", "How many?", 0, 10).reveal(4))


def test_measurements_outside_of_the_slider_are_drawn_inside_the_figure() -> None:
    """The axis grows."""
    assert show.guess("k", "?", 0, 1, 0.1).reveal(25.0).axes[0].get_xlim()[1] > 25


@pytest.mark.parametrize(("low", "high", "step"), [(1, 1, 1), (2, 1, 1), (0, 1, 0), (0, 1, 2)])
def test_ranges_that_hold_no_guess_are_refused(low: float, high: float, step: float) -> None:
    """Empty, reversed, no step, a step beyond the range."""
    with pytest.raises(ValueError, match="need low < high"):
        show.guess("k", "?", low, high, step)


def test_values_that_the_slider_does_not_have_are_refused() -> None:
    """By name of the range; and so is a measurement that is none."""
    guess = show.guess("k", "?", 0, 10)
    with pytest.raises(ValueError, match="0 to 10, got 11"):
        guess.commit(11)
    with pytest.raises(ValueError, match="is nan"):
        guess.reveal(float("nan"))


def test_slider_redraws_and_remembers() -> None:
    """Each value is drawn once; going back shows the same picture."""
    drawn = []
    box = slider_widget(lambda axes, value: (drawn.append(value), axes.plot([0, value])), [1, 2, 3], "size")
    slider, image = box.children
    first = image.value
    slider.value = 2
    assert image.value != first
    slider.value = 1
    assert image.value == first and drawn == [2, 3]


class History:
    """As the training loop hands it over."""

    def __init__(self, loss: list[float], accuracy: list[float]) -> None:
        self.loss, self.accuracy = loss, accuracy


def test_live_is_throttled_by_its_clock() -> None:
    """A thousand steps in ten seconds give at most twenty updates and one an epoch."""
    now = [0.0]
    live = Live(2, every_s=0.5, clock=lambda: now[0])
    for step in range(1, 1001):
        now[0] += 0.01
        live.after_step(step / 1000)
    live.on_epoch(1, History([1.0], [80.0]))
    assert 15 <= live.updates <= 21


def test_live_figure_shows_what_was_trained() -> None:
    """One panel for the loss, one more where accuracy was measured; the last values are written out."""
    live = Live(3, "pruned")
    live.on_epoch(1, History([1.25], []))
    assert len(live.figure().axes) == 1
    live.on_epoch(2, History([1.25, 0.5], [80.0, 85.25]))
    assert "0.500" in words(live.figure()) and "85.25" in words(live.figure())


def test_live_is_silent_where_nobody_watches(capfd: pytest.CaptureFixture) -> None:
    """A log file gets no progress lines."""
    Live(1).on_epoch(1, History([1.0], []))
    assert capfd.readouterr() == ("", "")


CELLS = [
    "from utils.show import Live, guess, slider_figure\nasked = guess('k', 'How many?', 0, 10)",
    "class H: loss, accuracy = [1.0, 0.5], [80.0, 85.0]\n"
    "live = Live(2, 'title', every_s=0)\nlive.after_step(0.4)\nlive.on_epoch(1, H)\nlive.on_epoch(2, H)",
    "asked.reveal(4)",
    "slider_figure(lambda axes, value: axes.plot([0, value]), [1, 2, 3], 'size')",
    "asked.commit(3)\nasked.reveal(4)",
]


def test_in_a_notebook_without_a_page(tmp_path) -> None:
    """Every cell runs; guess and slider are there; the live figure and the twins stay as one PNG each."""
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in CELLS])
    NotebookClient(notebook, timeout=100, kernel_name="python3", resources={"metadata": {"path": str(tmp_path)}}).execute()
    kinds = [[set(output["data"]) for output in cell.outputs if "data" in output] for cell in notebook.cells]
    widget, png = "application/vnd.jupyter.widget-view+json", "image/png"
    assert [widget in kind for kind in kinds[0]] == [True]
    assert [png in kind for kind in kinds[1]] == [False, True]
    assert "epoch 2 of 2: loss 0.500" in notebook.cells[1].outputs[0]["data"]["text/plain"]
    assert [(widget in kind, png in kind) for kind in kinds[2]] == [(True, False)], "the answer waits for a guess"
    assert [png in kind for kind in kinds[4]] == [True], "after a guess it is a figure"
    assert [(widget in kind, png in kind) for kind in kinds[3]] == [(True, False), (False, True)]
    assert not [output for cell in notebook.cells for output in cell.outputs if output.output_type in ("stream", "error")]


def test_a_slider_may_start_anywhere_and_an_answer_have_a_range() -> None:
    """So that the middle of the slider does not give the answer away, and a model is not more exact than it is."""
    guess = show.guess("k", "How many times?", 0, 100, 5, "x", start=10)
    assert guess.widget().children[1].children[0].value == 10
    chart = guess.reveal(40, how="by the model", between=(5, 130))
    assert "by the model: 40.0 x (5 to 130)" in words(chart) and chart.axes[0].get_xlim()[1] > 130
    with pytest.raises(ValueError, match="must start in 0 to 100"):
        show.guess("k", "How many?", 0, 100, 5, start=101)
    with pytest.raises(ValueError, match="run the cells above first"):
        show.guess("k", "How many?", 0, 100).reveal(3, between=(0, float("inf")))


def test_a_lab_records_its_guesses_without_being_told_where(home) -> None:
    """The first line of a lab hands the student's ledger over; a guess that is given another record uses that."""
    before = {"threads": torch.get_num_threads(), "numbers": torch.get_rng_state()}
    try:
        utils.lab_setup("99")
        show.guess("99/a", "How many?", 0, 10).commit(4)
        show.guess("99/b", "How many?", 0, 10, record=lambda *entry: None).commit(5)
    finally:
        show.record_guesses(None)
        torch.set_num_threads(before["threads"])
        torch.set_rng_state(before["numbers"])
    show.guess("99/c", "How many?", 0, 10).commit(6)
    assert {key: value["guess"] for key, value in ledger.read()["guess"].items()} == {"99/a": 4}
