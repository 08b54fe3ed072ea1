"""Searches leave a record that can be read again, go on after an interruption, and their winners are trained as the recipe says."""

import json

import pytest

from course.zoo import images, searches
from course.zoo import recipe as recipes
from course.zoo import train as trainer
from tests.course.zoo.supernet import SUPERNET
from utils.compress.search import Budget, SharedWeights, drawn_candidates, rank_correlation, recorded_budget, recorded_searches, records
from utils.data import fashion_mnist
from utils.files import ZOO
from utils.models import ChainNet, zoo

SEARCHES = """
title = "Searches"
seeds = [3, 4]
[search]
supernet = "supernet"
calibration = 20
validation = 40
evaluations = 8
population = 4
sample = 2
[budgets.small]
limits = { macs = 60_000 }
methods = ["evolution", "random"]
best = 2
drawn = 3
[budgets.large]
limits = { file_bytes = 8_000, per_channel = false }
methods = ["random"]
best = 1
drawn = 0
[train]
epochs = 1
batch_size = 16
"""
FOUND = """
title = "What was found"
seeds = [3, 4]
[model]
kind = "found"
searches = "searches"
budget = "small"
method = "evolution"
[train]
epochs = 1
batch_size = 16
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A zoo with a trained supernet, and 64 images a split."""
    for name, text in {"supernet": SUPERNET, "searches": SEARCHES, "found": FOUND}.items():
        (tmp_path / name).mkdir()
        (tmp_path / name / "recipe.toml").write_text(text)
    for module in (trainer, images, recipes, zoo, records):
        monkeypatch.setattr(module, "ZOO", tmp_path)
    monkeypatch.setattr(recipes, "RUNS", tmp_path / ".runs")
    monkeypatch.setattr(recipes, "fashion_mnist", lambda split: fashion_mnist(split, 64))
    monkeypatch.setattr(searches, "fashion_mnist", lambda split: fashion_mnist(split, 64))
    monkeypatch.setattr(searches, "CALIBRATION", 16)
    trainer.train("supernet", 3, lambda text: None)
    return tmp_path


def without_times(record):
    """A record without what differs from run to run."""
    if isinstance(record, dict):
        return {key: without_times(value) for key, value in record.items() if key not in ("cpu_s", "hours")}
    return [without_times(one) for one in record] if isinstance(record, list) else record


def test_a_record_is_read_as_it_was_written(folder):
    said = []
    record = trainer.train("searches", 3, said.append)
    assert json.loads((folder / "searches" / "seed3.json").read_text()) == record and record["config"]["seed"] == 3
    assert said[-1].startswith("searches seed 3: ") and said[-1].endswith(" hours")
    for budget, method, count in (("small", "evolution", 2), ("small", "random", 2), ("large", "random", 1)):
        limits, (found,) = recorded_budget(budget, "searches"), recorded_searches(budget, method, "searches", [3])
        assert len(found.macs) == len(found.file_bytes) == len(found.estimates) == 8 and found.cpu_s >= 0
        assert all(limits.allows(one.architecture) and one.counts == limits.counts(one.architecture) for one in found.trained)
        assert all(one.counts.file_bytes - 10 <= one.size_bytes <= one.counts.file_bytes for one in found.trained)
        best = [one for one in found.trained if one.rank is not None]
        assert [one.rank for one in best] == list(range(count)) and best[0].estimate == max(found.estimates) >= best[-1].estimate
        assert found.winner in best and found.winner.int8 == max(one.int8 for one in best)
        assert found.best_so_far[-1] == max(found.estimates) and list(found.best_so_far) == sorted(found.best_so_far)
        drawn = [one for one in found.trained if one.drawn]
        assert len(drawn) == (3 if (budget, method) == ("small", "random") else 0)
        assert {one.estimate for one in drawn} == set(found.estimates[: len(drawn)])
    assert recorded_budget("small", "searches") == Budget(macs=60_000)


def test_the_same_seed_gives_the_same_record_also_after_an_interruption(folder):
    whole = trainer.train("searches", 3, lambda text: None)
    for stop_after in (1, 3):
        said = []

        def stop(text, said=said, stop_after=stop_after):
            said.append(text)
            if len(said) == stop_after:
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            trainer.train("searches", 3, stop)
        assert (folder / ".runs" / "searches" / "seed3.state").is_file()
        assert without_times(trainer.train("searches", 3, lambda text: None)) == without_times(whole)
        assert not (folder / ".runs" / "searches" / "seed3.state").is_file()


def test_the_winner_of_the_same_seed_is_trained(folder):
    for seed in (3, 4):
        with pytest.raises(FileNotFoundError, match=rf"train searches --seed {seed}"):
            recipes.gather(zoo.recipe("found"), seed)
        trainer.train("searches", seed, lambda text: None)
        trainer.train("found", seed, lambda text: None)
    model = zoo.load("found")
    (first,) = recorded_searches("small", name="searches", seeds=[3])
    assert isinstance(model, ChainNet) and model.config == first.winner.architecture
    assert recipes.parents(zoo.recipe("found"), 4)["searches"] == folder / "searches" / "seed4.json"
    together = recorded_searches("small", name="searches")
    assert [one.seed for one in together] == [3, 4] and together[0] == first
    drawn = drawn_candidates("searches")
    assert 3 <= len(drawn) == len({one.architecture for one in drawn}) and all(one.drawn for one in drawn)


def test_a_network_that_int8_destroys_is_recorded_and_does_not_win(folder, monkeypatch):
    """The first of the best is refused by the quantizer."""
    refused, convert = [], searches.to_int8_onnx

    def refuses_the_first(model, *args, **how):
        if not refused:
            refused.append(model.config)
            raise ValueError("the int8 file's answers are as far from the network's as zeros are")
        return convert(model, *args, **how)

    monkeypatch.setattr(searches, "to_int8_onnx", refuses_the_first)
    trainer.train("searches", 3, lambda text: None)
    (found,) = recorded_searches("small", name="searches", seeds=[3])
    first, second = found.trained
    assert first.architecture == refused[0] and first.int8 is first.size_bytes is None and first.validation >= 0
    assert found.winner == second


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("[train]", "[trains]"), "nothing reads 'trains' in a recipe of searches"),
        (("[train]\nepochs = 1\nbatch_size = 16\n", ""), r"needs \[train\]"),
        (("drawn = 3", "draws = 3"), r"\[budgets.small\] needs best, drawn, limits, methods"),
        (('["random"]', '["luck"]'), r"\[budgets.large\] needs .* out of evolution, random"),
    ],
)
def test_a_recipe_that_is_not_whole_is_refused(folder, change, message):
    (folder / "searches" / "recipe.toml").write_text(SEARCHES.replace(*change))
    with pytest.raises(ValueError, match=message):
        trainer.train("searches", 3, lambda text: None)


def test_searches_that_are_not_recorded_are_refused(folder):
    with pytest.raises(FileNotFoundError, match=r"seed3\.json is missing: unpack the course again"):
        recorded_searches("small", name="searches")
    with pytest.raises(ValueError, match="no budget 'tiny': choose one of small, large"):
        recorded_budget("tiny", "searches")
    (folder / "searches" / "seed3.json").write_text('{"searches": {"small": {"evolution": {}}}}')
    with pytest.raises(ValueError, match="no search for 'small' by 'random': choose one of small by evolution"):
        recorded_searches("small", "random", "searches", [3])


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        ([1.0, 2.0, 3.0, 4.0], [10, 20, 30, 40], 1),
        ([1.0, 2.0, 3.0, 4.0], [4, 3, 2, 1], -1),
        ([1.0, 2.0, 2.0, 3.0], [1.0, 2.0, 3.0, 4.0], 0.9486833),  # ties share their mean rank
    ],
)
def test_a_rank_correlation_is_that_of_the_ranks(first, second, expected):
    assert rank_correlation(first, second) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("first", "second"), [([1, 2], [1, 2]), ([1, 2, 3], [1, 2]), ([1, 2, float("nan")], [1, 2, 3]), ([1, 2, 3], [2, 2, 2])]
)
def test_what_has_no_rank_correlation_is_refused(first, second):
    with pytest.raises(ValueError, match="a rank correlation needs"):
        rank_correlation(first, second)


@pytest.mark.slow
def test_recorded_estimates_are_measured_again():
    """Do the shared weights that ship give the highest estimate of each recorded search again?"""
    for name in (path.parent.name for path in ZOO.glob("*/recipe.toml") if "search" in zoo.recipe(path.parent.name)):
        settings = zoo.recipe(name)["search"]
        judge = SharedWeights(settings["supernet"], settings["calibration"], settings["validation"])
        for budget, how in zoo.recipe(name)["budgets"].items():
            for found in (one for method in how["methods"] for one in recorded_searches(budget, method, name)):
                best = found.trained[0]
                assert judge(best.architecture) == pytest.approx(best.estimate, abs=0.11)  # 2 images of 2,000 may differ
