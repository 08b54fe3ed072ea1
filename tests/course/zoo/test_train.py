"""Recipes run from a fresh clone, go on after an interruption, and never go on from what belongs to another."""

import json
from pathlib import Path

import pytest
import torch

from course.zoo import images
from course.zoo import recipe as recipes
from course.zoo import train as trainer
from tests.course.zoo.supernet import SUPERNET
from utils.compress.distillation import kd_loss
from utils.compress.quantization import code_range
from utils.compress.search import Space, counts
from utils.compress.titan import read_titan
from utils.data import fashion_mnist
from utils.files import ZOO
from utils.models import ChainNet, Perceptron, PerceptronConfig, Supernet, load_model, zoo
from utils.train import accuracy, predict

DENSE = """
title = "Dense"
seeds = [3, 4]
[model]
stem = 4
blocks = [[8, 2]]
[train]
epochs = 2
batch_size = 16
"""
SPARSE = """
title = "Sparse"
from = "dense"
seeds = [3, 4]
[prune]
kind = "weights"
sparsity = 0.75
choose = "magnitude"
[train]
epochs = 2
batch_size = 16
"""


def silent(text: str) -> None:
    """Nobody needs to hear it."""


LONGER = """
title = "Trained on, nothing removed"
from = "dense"
seeds = [3]
[distil]
temperature = 4.0
alpha = 0.7
[train]
epochs = 1
batch_size = 16
"""
ROUNDED = """
title = "Weights of 2 bits"
from = "dense"
seeds = [3]
[quantize]
bits = 2
ends = 4
[train]
epochs = 2
batch_size = 16
"""
TAUGHT = """
title = "One teacher for all seeds"
seeds = [3, 4]
[model]
stem = 2
blocks = [[4, 2]]
[distil]
teacher = "dense"
temperature = 2.0
alpha = 0.9
[train]
epochs = 1
batch_size = 16
"""
BOTH = """
title = "From one network, taught by another"
from = "dense"
seeds = [3]
[distil]
teacher = "few"
shuffle = true
[train]
epochs = 2
batch_size = 16
"""
FEW = """
title = "Two labels a class"
seeds = [3, 4]
[few]
per_class = 2
repeat = 3
[model]
stem = 2
blocks = [[4, 2]]
[train]
epochs = 1
batch_size = 16
"""
ANSWERED = (
    FEW
    + """
[pseudo]
teacher = "few"
same_seed = true
threshold = 0.01
"""
)
TAUGHT_SUPERNET = SUPERNET.replace("epochs = 1", "epochs = 2") + 'budget = { macs = 60_000 }\n[distil]\nteacher = "dense"\n'
CHAIN = """
title = "A network that a search may find"
seeds = [3]
[model]
kind = "chain"
stem = { width = 2, stride = 2, kind = "plain" }
stages = [[{ width = 4 }, { width = 4, kernel = 5, expansion = 2, skip = true }], [{ width = 6, stride = 2, kind = "plain" }]]
[train]
epochs = 1
batch_size = 16
"""
RATED = """
title = "Few bits"
data = "mnist"
seeds = [3]
[model]
kind = "lenet_300_100"
[augment]
shift = 1
mirror = false
[distil]
teacher = "dense"
temperature = 2.0
alpha = 0.5
[rate]
price = 1e-3
[train]
epochs = 2
batch_size = 32
lr = 1e-3
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A zoo of a few recipes, and 64 images a split."""
    texts = {"dense": DENSE, "sparse": SPARSE, "longer": LONGER, "rounded": ROUNDED, "taught": TAUGHT, "few": FEW, "answered": ANSWERED}
    for name, text in {**texts, "both": BOTH, "supernet": TAUGHT_SUPERNET, "chain": CHAIN, "rated": RATED}.items():
        (tmp_path / name).mkdir()
        (tmp_path / name / "recipe.toml").write_text(text)
    for module in (trainer, images, recipes, zoo):
        monkeypatch.setattr(module, "ZOO", tmp_path)
    monkeypatch.setattr(recipes, "RUNS", tmp_path / ".runs")
    for data in ("fashion_mnist", "mnist"):
        monkeypatch.setattr(recipes, data, lambda split: fashion_mnist(split, 64))
    return tmp_path


def interrupt(name: str, seed: int) -> None:
    """Stop after the first epoch."""

    def stop(text: str) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        trainer.train(name, seed, stop)


def weights(file: Path) -> torch.Tensor:
    return torch.cat([p.detach().flatten() for p in load_model(file).parameters()])


def test_a_run_leaves_its_record_and_the_first_seed_ships(folder: Path) -> None:
    for seed in (4, 3):
        record = trainer.train("dense", seed, silent)
        assert json.loads((folder / "dense" / f"seed{seed}.json").read_text()) == record
        assert (folder / "dense" / "model.safetensors").is_file() == (seed == 3)
    assert sorted(path.name for path in (folder / ".runs" / "dense").iterdir() if path.suffix != ".seconds") == [
        "seed3.safetensors",
        "seed4.safetensors",
    ]


def test_on_a_fresh_clone_a_recipe_starts_from_the_shipped_weights_of_their_seed_only(folder: Path) -> None:
    trainer.train("dense", 3, silent)
    recipes.checkpoint("dense", 3).unlink()
    assert trainer.train("sparse", 3, silent)["nonzero"] < trainer.train("dense", 4, silent)["nonzero"]
    recipes.checkpoint("dense", 4).unlink()
    with pytest.raises(FileNotFoundError, match=r"train dense first: python3 start\.py train dense --seed 4"):
        trainer.train("sparse", 4, silent)


def test_an_interrupted_pruning_ends_where_a_whole_one_does(folder: Path) -> None:
    trainer.train("dense", 3, silent)
    trainer.train("sparse", 3, silent)
    whole = weights(recipes.checkpoint("sparse", 3))
    recipes.checkpoint("sparse", 3).unlink()
    interrupt("sparse", 3)
    trainer.train("sparse", 3, silent)
    assert torch.equal(weights(recipes.checkpoint("sparse", 3)), whole)


@pytest.mark.parametrize("change", ["recipe", "weights", "note"])
def test_a_state_of_another_recipe_or_other_weights_is_refused(folder: Path, change: str) -> None:
    """Nothing in the loop's own configuration differs here."""
    trainer.train("dense", 3, silent)
    interrupt("sparse", 3)
    if change == "recipe":
        (folder / "sparse" / "recipe.toml").write_text(SPARSE.replace("0.75", "0.5"))
    elif change == "weights":
        (folder / "dense" / "recipe.toml").write_text(DENSE.replace("epochs = 2", "epochs = 1"))
        trainer.train("dense", 3, silent)
    else:
        (folder / ".runs" / "sparse" / "seed3.recipe").unlink()
    with pytest.raises(ValueError, match="made with another recipe of sparse"):
        trainer.train("sparse", 3, silent)


def test_a_state_with_another_teacher_is_refused(folder: Path) -> None:
    """What the recipe starts from is the same."""
    for name in ("dense", "few"):
        trainer.train(name, 3, silent)
    interrupt("both", 3)
    (folder / "few" / "recipe.toml").write_text(FEW.replace("repeat = 3", "repeat = 6"))
    trainer.train("few", 3, silent)
    with pytest.raises(ValueError, match="made with another recipe of both"):
        trainer.train("both", 3, silent)


def test_a_run_goes_on_after_its_teacher_was_trained_again_to_the_same_weights(folder: Path) -> None:
    for name in ("dense", "few"):
        trainer.train(name, 3, silent)
    interrupt("both", 3)
    trainer.train("few", 3, silent)
    trainer.train("both", 3, silent)


@pytest.mark.parametrize(
    ("recipe", "message"),
    [
        (TAUGHT.replace("[distil]", "[distill]"), "nothing reads 'distill' in a recipe: use title"),
        (ANSWERED.replace("[few]\nper_class = 2\nrepeat = 3\n", ""), r"\[pseudo\] .* add \[few\]"),
        (SPARSE + "[rate]\nprice = 1e-5\n", r"\[rate\] trains integers, which \[prune\] would change"),
        (CHAIN + "[sandwich]\nbetween = 1\n", r"\[sandwich\] .* inside a supernet"),
    ],
)
def test_parts_that_would_be_left_out_are_refused(folder: Path, recipe: str, message: str) -> None:
    (folder / "dense" / "recipe.toml").write_text(recipe)
    with pytest.raises(ValueError, match=message):
        trainer.train("dense", 3, silent)


@pytest.mark.parametrize("name", sorted(path.parent.name for path in ZOO.glob("*/recipe.toml")))
def test_every_recipe_of_the_zoo_is_read_whole(name: str) -> None:
    what = zoo.recipe(name)
    trainer.kind_of(what).check(what)


def test_a_data_set_that_nothing_is_trained_on_is_refused() -> None:
    with pytest.raises(ValueError, match="no recipe is trained on 'speech': use fashion_mnist, mnist, watch, hapt, ecg5000"):
        trainer.kind_of({"data": "speech"})


def test_another_title_or_more_seeds_do_not_make_another_recipe(folder: Path) -> None:
    interrupt("dense", 3)
    (folder / "dense" / "recipe.toml").write_text(DENSE.replace("Dense", "Thick").replace("[3, 4]", "[3, 4, 5]"))
    trainer.train("dense", 3, silent)


def test_a_control_may_train_on_without_removing_anything(folder: Path) -> None:
    """It starts from the other network's weights, learns from them as its teacher, and keeps every weight."""
    trainer.train("dense", 3, silent)
    record = trainer.train("longer", 3, silent)
    before, after = (load_model(recipes.checkpoint(name, 3)).state_dict() for name in ("dense", "longer"))
    assert record["parameters"] - record["nonzero"] < 10
    assert before.keys() == after.keys() and not torch.equal(before["stem.weight"], after["stem.weight"])


def test_rounded_weights_ship_as_codes(folder: Path) -> None:
    """Are the weights of the file a few values a channel, and is the recorded figure the file's own?"""
    trainer.train("dense", 3, silent)
    record = trainer.train("rounded", 3, silent)
    model, dense = (load_model(folder / name / "model.safetensors") for name in ("rounded", "dense"))
    for name, bits in {"blocks.0.conv1": 2, "blocks.0.conv2": 2, "stem": 4, "head": 4}.items():
        low, high = code_range(bits, signed=True)
        assert max(len(channel.unique()) for channel in model.get_submodule(name).weight) <= high - low + 1
    assert len(dense.head.weight[0].unique()) > 4
    assert record["test"] == round(accuracy(model, fashion_mnist("test", 64)), 2)
    assert record["bytes"] == (folder / "rounded" / "model.safetensors").stat().st_size


def test_an_interrupted_rounding_ends_where_a_whole_one_does(folder: Path) -> None:
    trainer.train("dense", 3, silent)
    trainer.train("rounded", 3, silent)
    whole = weights(recipes.checkpoint("rounded", 3))
    interrupt("rounded", 3)
    trainer.train("rounded", 3, silent)
    assert torch.equal(weights(recipes.checkpoint("rounded", 3)), whole)


def test_a_teacher_is_the_one_that_ships_whatever_the_seed(folder: Path) -> None:
    trainer.train("dense", 3, silent)
    for seed in (3, 4):
        assert recipes.parents(zoo.recipe("taught"), seed) == {"distil": recipes.checkpoint("dense", 3)}
        trainer.train("taught", seed, silent)


def test_a_student_learns_from_its_teacher_as_the_recipe_says(folder: Path) -> None:
    """Teacher, temperature and share: is the loss `kd_loss` with these?"""
    trainer.train("dense", 3, silent)
    start = recipes.gather(zoo.recipe("taught"), 4)
    some = fashion_mnist("train", 8)
    student, dense = start.model.eval(), load_model(recipes.checkpoint("dense", 3))
    with torch.no_grad():
        found = start.extras["loss"](student, some.images, some.labels)
        torch.testing.assert_close(found, kd_loss(student(some.images), dense(some.images), some.labels, 2.0, 0.9))


def test_the_seed_of_a_run_deals_what_a_shuffled_teacher_says(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("dense", "few"):
        trainer.train(name, 3, silent)
    asked = []
    monkeypatch.setattr(recipes, "from_teacher", lambda teacher, **how: asked.append((teacher, how)))
    recipes.gather(zoo.recipe("both"), 3)
    ((teacher, how),) = asked
    assert how == {"shuffle": True, "seed": 3}
    few = load_model(recipes.checkpoint("few", 3)).state_dict()
    assert all(torch.equal(tensor, few[name]) for name, tensor in teacher.state_dict().items())


def test_few_labels_are_drawn_by_the_seed_and_the_same_for_each_class() -> None:
    labels = torch.tensor([0, 1, 2] * 20)
    first, again, other = (recipes.labelled(labels, 4, seed) for seed in (1, 1, 2))
    assert torch.equal(first, again) and not torch.equal(first, other)
    assert labels[first].bincount().tolist() == [4, 4, 4]
    assert first.tolist() == [1, 3, 4, 11, 14, 15, 21, 25, 28, 35, 48, 56]  # recorded runs depend on it


def test_few_labels_are_all_that_is_seen(folder: Path) -> None:
    """Does a run on few labels hold these images alone, repeated, and with a teacher each other image once, with its answer?"""
    everything = fashion_mnist("train", 64)
    few = recipes.labelled(everything.labels, 2, 4)
    start = recipes.gather(zoo.recipe("few"), 4)
    assert len(start.data) == 3 * len(few)
    assert torch.equal(start.data.labels, everything.labels[few].repeat(3))
    trainer.train("few", 4, silent)
    others = torch.ones(64, dtype=torch.bool).index_fill_(0, few, False)
    said = predict(load_model(recipes.checkpoint("few", 4)), everything.images).softmax(1)
    for threshold in (0.01, said.amax(1).median().item()):  # all pass; half of them
        (folder / "answered" / "recipe.toml").write_text(ANSWERED.replace("0.01", str(threshold)))
        answered = recipes.gather(zoo.recipe("answered"), 4).data
        kept = others & (said.amax(1) >= threshold)
        assert len(answered) == 3 * len(few) + kept.sum()
        assert torch.equal(answered.images[3 * len(few) :], everything.images[kept])
        assert torch.equal(answered.labels[3 * len(few) :], said[kept].argmax(1))
    assert 0 < kept.sum() < others.sum()


def test_a_supernet_learns_from_its_teacher_and_goes_on_after_an_interruption(folder: Path) -> None:
    trainer.train("dense", 3, silent)
    whole = trainer.train("supernet", 3, silent)
    first = weights(folder / "supernet" / "model.safetensors")
    (folder / ".runs" / "supernet" / "seed3.safetensors").unlink()
    interrupt("supernet", 3)
    again = trainer.train("supernet", 3, silent)
    assert torch.equal(weights(folder / "supernet" / "model.safetensors"), first)
    assert again["validation"] == whole["validation"]
    supernet = zoo.load("supernet")
    assert isinstance(supernet, Supernet) and supernet.config == Space.from_dict(zoo.recipe("supernet")["model"]["space"]).supernet()


def test_a_found_architecture_is_trained_like_any_other(folder: Path) -> None:
    record = trainer.train("chain", 3, silent)
    net = zoo.load("chain")
    assert isinstance(net, ChainNet) and record["parameters"] == counts(net.config).parameters
    assert [[block.width for block in stage] for stage in net.config.stages] == [[4, 4], [6]]


def test_training_for_the_code_length_leaves_a_titan_file_and_goes_on_after_an_interruption(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With a twelfth of LeNet's weights: each is coded and decoded in Python."""
    monkeypatch.setattr(recipes, "Perceptron", lambda: Perceptron(PerceptronConfig((28, 12))))
    trainer.train("dense", 3, silent)
    whole = trainer.train("rated", 3, silent)
    first = (folder / "rated" / "model.titan").read_bytes()
    assert whole["bytes"] == len(first) < 4 * whole["parameters"] / 10
    assert zoo.record("rated").file == folder / "rated" / "model.titan"
    assert accuracy(read_titan(folder / "rated" / "model.titan"), fashion_mnist("test", 64)) == pytest.approx(whole["test"], abs=0.01)
    with pytest.raises(ValueError, match=r"rated is stored as a \.titan file"):
        zoo.load("rated")
    interrupt("rated", 3)
    assert trainer.train("rated", 3, silent)["bytes"] == whole["bytes"]
    assert (folder / "rated" / "model.titan").read_bytes() == first
