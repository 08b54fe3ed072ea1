"""Training is repeatable, goes on after an interruption, and says no to nonsense."""

import pytest
import torch

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
    with pytest.raises(ValueError, match="accuracy of no images"):
        accuracy(new_model(), data[:0])


def test_predict_restores_the_mode(data):
    model = new_model().train()
    predict(model, data.images[:3])
    assert model.training


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
