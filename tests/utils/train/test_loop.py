"""Training is repeatable, goes on after an interruption, and says no to nonsense."""

import itertools

import pytest
import torch
import torch.nn.functional as F

from utils.compress.pruning import GradualPruner
from utils.data import fashion_mnist
from utils.models import ResidualConfig, ResidualNet
from utils.train import TrainConfig, accuracy, augmented, fit, predict

TINY = ResidualConfig.of(4, (8, 2), (8, 2))


def new_model():
    torch.manual_seed(0)
    return ResidualNet(TINY)


@pytest.fixture(scope="module")
def data():
    return fashion_mnist("train", 512)


def weights(model):
    return torch.cat([p.detach().flatten() for p in model.parameters()])


def test_training_learns(data):
    model = new_model()
    history = fit(model, data, TrainConfig(4, lr=0.05, batch_size=32, augment=False), validation=data)
    assert history.loss[-1] < history.loss[0]
    assert accuracy(model, data) > 40
    assert len(history.accuracy) == 4
    assert not model.training


@pytest.mark.parametrize("steps", range(1, 12))
def test_training_may_have_any_number_of_steps(data, steps):
    """Also five, of which one is warm-up."""
    history = fit(new_model(), data[: 8 * steps], TrainConfig(1, lr=0.01, batch_size=8, augment=False))
    assert len(history.loss) == 1


def test_same_seed_gives_the_same_weights(data):
    one, two, other = new_model(), new_model(), new_model()
    fit(one, data, TrainConfig(1, seed=3))
    fit(two, data, TrainConfig(1, seed=3))
    fit(other, data, TrainConfig(1, seed=4))
    assert torch.equal(weights(one), weights(two))
    assert not torch.equal(weights(one), weights(other))


def test_interrupted_training_ends_where_an_uninterrupted_one_does(data, tmp_path):
    whole, broken = new_model(), new_model()
    config = TrainConfig(3, seed=1)
    fit(whole, data, config)

    def stop(epoch, _):
        if epoch == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fit(broken, data, config, on_epoch=stop, resume=tmp_path / "state")
    resumed = new_model()
    history = fit(resumed, data, config, resume=tmp_path / "state")
    assert torch.equal(weights(whole), weights(resumed))
    assert len(history.loss) == 3


def interrupted(state, data, config, **extras):
    """Train a new model for one epoch, as if the power had failed then; its state is in the file."""

    def stop(*_):
        raise KeyboardInterrupt

    model = new_model()
    with pytest.raises(KeyboardInterrupt):
        fit(model, data, config, on_epoch=stop, resume=state, **{name: make(model) for name, make in extras.items()})
    assert not model.training


def test_interrupted_pruning_ends_where_an_uninterrupted_one_does(data, tmp_path):
    """Do the removed weights stay removed, and does the count of steps go on? (7 does not divide the epochs.)"""
    config, few = TrainConfig(3, batch_size=32, augment=False), data[:160]
    pruner = lambda model: GradualPruner(model, 0.8, end=0.9, every=7)  # noqa: E731
    whole, resumed = new_model(), new_model()
    fit(whole, few, config, after_step=pruner(whole))
    interrupted(tmp_path / "state", few, config, after_step=pruner)
    fit(resumed, few, config, after_step=pruner(resumed), resume=tmp_path / "state")
    assert torch.equal(weights(whole), weights(resumed))


@pytest.mark.parametrize("change", ["config", "data", "network", "pruner"])
def test_a_state_of_another_training_is_refused_and_nothing_is_changed(data, tmp_path, change):
    few, state = data[:64], tmp_path / "state"
    interrupted(state, few, TrainConfig(2))
    model = new_model() if change != "network" else ResidualNet(ResidualConfig.of(4, (8, 2), (12, 2)))
    config = TrainConfig(2, lr=0.1) if change == "config" else TrainConfig(2)
    after = GradualPruner(model, 0.5) if change == "pruner" else None
    before = weights(model)
    with pytest.raises(ValueError, match="made with another configuration: delete it or use the old one"):
        fit(model, few[:63] if change == "data" else few, config, after_step=after, resume=state)
    assert torch.equal(weights(model), before)


def test_a_file_that_is_no_state_is_refused(data, tmp_path):
    whole = tmp_path / "whole"
    interrupted(whole, data[:64], TrainConfig(2))
    torch.save({"model": {}}, tmp_path / "poor")
    torch.save([1, 2], tmp_path / "list")
    (tmp_path / "half").write_bytes(whole.read_bytes()[:5000])
    (tmp_path / "junk").write_bytes(b"junk")
    (tmp_path / "empty").write_bytes(b"")
    for name in ("poor", "list", "half", "junk", "empty"):
        with pytest.raises(ValueError, match=f"{name} is not a whole training state"):
            fit(new_model(), data[:64], TrainConfig(2), resume=tmp_path / name)


def test_after_step_hears_how_much_is_done(data):
    seen = []
    fit(new_model(), data, TrainConfig(2, batch_size=256), after_step=seen.append)
    assert seen == [0.25, 0.5, 0.75, 1.0]


def test_diverging_loss_is_named(data):
    with pytest.raises(FloatingPointError, match="lower lr"):
        fit(new_model(), data, TrainConfig(1), loss=lambda model, x, y: model(x).mean() * float("nan"))


def test_no_data_and_no_epochs_are_refused(data):
    with pytest.raises(ValueError, match="at least one epoch"):
        fit(new_model(), data, TrainConfig(0))
    with pytest.raises(ValueError, match="at least one epoch"):
        fit(new_model(), data[:0], TrainConfig(1))
    with pytest.raises(ValueError, match="accuracy of no inputs"):
        accuracy(new_model(), data[:0])


def test_predict_restores_the_mode(data):
    model = new_model().train()
    predict(model, data.images[:3])
    assert model.training


def test_a_frozen_norm_stays_frozen_and_the_model_ends_in_evaluation_mode(data):
    """Also while a validation between the epochs evaluates the model, and also after an error."""
    model = new_model().train()
    model.bn.eval()
    predict(model, data.images[:3])
    assert model.training and model.stem.training and not model.bn.training
    before, other = model.bn.running_mean.clone(), model.blocks[0].bn1.running_mean.clone()
    fit(model, data[:64], TrainConfig(2), validation=data[:16])
    assert torch.equal(model.bn.running_mean, before)
    assert not torch.equal(model.blocks[0].bn1.running_mean, other)
    with pytest.raises(FloatingPointError):
        fit(model.train(), data[:64], TrainConfig(1), loss=lambda model, x, y: model(x).mean() * float("inf"))
    assert not any(module.training for module in model.modules())


def test_weights_decay_but_norms_and_biases_do_not(data):
    """A loss without a slope: whatever moves, moves by decay."""
    model, before = new_model(), new_model()
    with torch.no_grad():
        for one, two in zip(model.parameters(), before.parameters(), strict=True):
            one.add_(0.5), two.add_(0.5)
    fit(model, data[:64], TrainConfig(1, lr=1.0, weight_decay=0.1), loss=lambda model, x, y: 0 * model(x).sum())
    for (name, one), two in zip(model.named_parameters(), before.parameters(), strict=True):
        assert torch.equal(one, two) == (one.ndim <= 1), name


def test_the_loss_of_an_epoch_counts_each_image_alike(data):
    """Batches of two and one: (2 * 2 + 1 * 1) / 3."""
    history = fit(new_model(), data[:3], TrainConfig(1, batch_size=2), loss=lambda model, x, y: 0 * model(x).sum() + len(y))
    assert history.loss == [pytest.approx(5 / 3)]


def test_labels_are_smoothed_as_the_configuration_says(data):
    few = data[:64]
    history = fit(new_model(), few, TrainConfig(1, label_smoothing=0.4, augment=False))
    by_hand = F.cross_entropy(new_model().train()(few.images), few.labels, label_smoothing=0.4).item()
    assert history.loss[0] == pytest.approx(by_hand, rel=1e-5)


def test_the_warm_up_is_as_long_as_the_configuration_says(data):
    """With a slope of one the way of a bias tells the learning rate: it rises for longer if the warm-up is longer."""

    def way(warmup):
        model, places = new_model(), []
        note = lambda _: places.append(model.head.bias[0].item())  # noqa: E731
        fit(
            model,
            data[:40],
            TrainConfig(1, batch_size=2, warmup=warmup),
            loss=lambda m, x, y: 0 * m(x).sum() + m.head.bias.sum(),
            after_step=note,
        )
        return [one - two for one, two in itertools.pairwise(places)]

    early, late = way(0.1), way(0.8)
    assert early.index(max(early)) < 10 < late.index(max(late))


@pytest.mark.parametrize("wanted", [False, True])
def test_mixed_precision_is_on_only_if_asked_for(data, wanted):
    seen = set()

    def loss(model, x, y):
        logits = model(x)
        seen.add(logits.dtype)
        return logits.float().mean()

    fit(new_model(), data[:16], TrainConfig(1, bfloat16=wanted), loss=loss)
    assert seen == {torch.bfloat16 if wanted else torch.float32}


def slow_augmented(images, generator, shift=2, hole=8):
    """The obvious way, one image and one pixel at a time, with the same draws in the same order."""
    n, _, h, w = images.shape
    draw = lambda high: torch.randint(high, (n,), generator=generator).tolist()  # noqa: E731
    down, right, mirror, top, left = draw(2 * shift + 1), draw(2 * shift + 1), draw(2), draw(h), draw(w)
    out = torch.empty_like(images)
    for i in range(n):
        for y in range(h):
            for x in range(w):
                column = w - 1 - x if mirror[i] else x
                source_y = min(max(y + down[i] - shift, 0), h - 1)
                source_x = min(max(column + right[i] - shift, 0), w - 1)
                inside = 0 <= y - (top[i] - hole // 2) < hole and 0 <= x - (left[i] - hole // 2) < hole
                out[i, :, y, x] = 0.0 if inside else images[i, :, source_y, source_x]
    return out


def test_augmentation_equals_the_slow_way():
    images = torch.randn(6, 2, 12, 10, generator=torch.Generator().manual_seed(0))
    fast = augmented(images, torch.Generator().manual_seed(5))
    slow = slow_augmented(images, torch.Generator().manual_seed(5))
    assert torch.equal(fast, slow)
