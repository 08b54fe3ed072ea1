"""Every model of the zoo is what its record says: measured again, on the test set."""

import json

import pytest

from utils.compress.pruning import sparsity_of
from utils.compress.quantization import weight_bits
from utils.compress.titan import read_titan
from utils.data import fashion_mnist, mnist
from utils.files import ZOO
from utils.models import load_model, zoo
from utils.train import accuracy

NAMES, TITANS = zoo.zoo_names(), zoo.zoo_names(".titan")


def is_of_mnist(name):
    return zoo.recipe(name).get("data") == "mnist"


def is_of_images(name):
    """Networks for heartbeats and examinations are measured again in test_beats.py and test_exams.py of tests/course/zoo."""
    return zoo.recipe(name).get("data", "fashion_mnist") in ("fashion_mnist", "mnist")


def with_its_data(name):
    return pytest.param(name, marks=pytest.mark.needs("MNIST") if is_of_mnist(name) else ())


@pytest.mark.slow
@pytest.mark.parametrize("name", [with_its_data(name) for name in [*NAMES, *TITANS] if is_of_images(name)])
def test_recorded_accuracy_is_measured_again(name):
    """Does the shipped checkpoint still reach its figure? (2 images of 10,000 may differ between processors.)"""
    record = zoo.record(name)
    model = read_titan(record.file) if name in TITANS else zoo.load(name)
    test = mnist("test") if is_of_mnist(name) else fashion_mnist("test")
    assert accuracy(model, test) == pytest.approx(record.test[0], abs=0.02)
    assert record.file.stat().st_size == record.size_bytes[0]


@pytest.mark.nightly
@pytest.mark.parametrize("file", sorted(ZOO.glob("*/seed*.safetensors")), ids=lambda file: f"{file.parent.name}-{file.stem}")
def test_further_seeds_that_ship_reach_their_figures(file):
    """Other recipes start from them, so that nobody trains the large network again."""
    run = json.loads(file.with_suffix(".json").read_text())
    assert accuracy(load_model(file), fashion_mnist("test")) == pytest.approx(run["test"], abs=0.02)


@pytest.mark.parametrize("name", sorted(path.parent.name for path in ZOO.glob("*/recipe.toml")))
def test_every_recipe_was_run_with_all_its_seeds(name):
    what = zoo.recipe(name)
    for seed in what["seeds"]:
        run = json.loads((ZOO / name / f"seed{seed}.json").read_text())
        assert run["seed"] == run["config"]["seed"] == seed
        for key, value in what.get("train", {}).items():
            assert run["config"][key] == value, f"{name} seed {seed} was trained with another {key} than its recipe says"


@pytest.mark.parametrize("name", [name for name in NAMES if "quantize" in zoo.recipe(name)])
def test_quantized_model_has_few_values_in_each_channel(name):
    how, model = zoo.recipe(name)["quantize"], zoo.load(name)
    for layer, bits in weight_bits(model, **how).items():
        weight = model.get_submodule(layer).weight.detach()
        assert max(len(channel.unique()) for channel in weight) <= 2**bits


@pytest.mark.parametrize("name", [name for name in NAMES if zoo.recipe(name).get("prune", {}).get("kind") == "weights"])
def test_sparse_model_has_its_sparsity(name):
    assert sparsity_of(zoo.load(name)) == pytest.approx(zoo.recipe(name)["prune"]["sparsity"], abs=1e-4)


def test_unknown_name_lists_the_choices():
    with pytest.raises(FileNotFoundError, match="fashion_large"):
        zoo.load("fashion_enormous")
