"""Networks for spoken digits are trained as their recipe says, and recorded as int8 files and as detectors in a stream."""

import json

import numpy as np
import pytest
import torch

from course.zoo import keywords
from course.zoo import train as trainer
from utils.data.speech import negatives, spoken_digits
from utils.models import load_model
from utils.train import predict

TINY = {
    "title": "tiny",
    "data": "spoken_digits",
    "seeds": [0, 1],
    "model": {"stem": 8, "blocks": [[16, 2], [24, 2]], "classes": 11, "in_channels": 1},
    "train": {"epochs": 2, "lr": 0.1, "batch_size": 128},
    "augment": {"copies": 1, "noise": 0.5},
    "other": {"phrases": 20, "cut": 10},
    "detector": {"hours": 0.01, "stride": 10, "window": 3, "refractory": 5},
}


@pytest.fixture
def small(tmp_path, monkeypatch):
    for module in (keywords, trainer):
        monkeypatch.setattr(module, "ZOO", tmp_path)
    monkeypatch.setattr(keywords, "checkpoint", lambda name, seed: tmp_path / "runs" / f"{name}{seed}.safetensors")
    monkeypatch.setattr(keywords, "StreamConfig", lambda digits_per_minute: SHORT[digits_per_minute])
    return tmp_path


SHORT = {rate: keywords.StreamConfig(minutes=0.6, digits_per_minute=rate) for rate in (0.0, 4.0)}


@pytest.mark.slow
def test_a_recipe_leaves_a_network_and_a_record(small):
    record = keywords.train_keywords("tiny", TINY, 0, lambda _: None)
    assert record["parameters"] < 2000 and record["int8"]["bytes"] < 20_000
    assert {*record["int8"]["detector"]} == {"threshold", "validation", "test", "real"}
    assert json.loads(json.dumps(record)) == record
    written = (small / "tiny" / "model.safetensors").read_bytes()
    keywords.train_keywords("tiny", TINY, 1, lambda _: None)
    assert (small / "tiny" / "model.safetensors").read_bytes() == written
    model = load_model(small / "tiny" / "model.safetensors")
    assert keywords.recognized(lambda x: predict(model, x).numpy()) == record["float32"]


def test_the_same_seed_gives_the_same_examples_and_every_class_has_some():
    (inputs, labels), (again, _) = (keywords.examples(TINY, 0) for _ in range(2))
    assert torch.equal(inputs, again) and inputs.shape == (1060, 1, 49, 40)
    assert (torch.bincount(labels, minlength=11) >= 30).all() and labels.max() == 10
    assert not torch.equal(inputs, keywords.examples(TINY, 1)[0])


def test_a_deaf_detector_misses_everything_and_never_alarms(small):
    """Is a network that always says other counted so in every stream?"""

    def deaf(x):
        return np.tile(np.eye(11)[10] * 20, (len(x), 1))

    found = keywords.detected(deaf, {"hours": 0.01, "stride": 10, "window": 3, "refractory": 5})
    assert found["threshold"] == keywords.THRESHOLDS[0]
    assert all(found[split] == {"per_hour": 0.0, "missed_percent": 100.0} for split in ("validation", "test", "real"))


@pytest.mark.parametrize(
    ("part", "said"),
    [
        ({"prune": {}}, "nothing reads 'prune' in a recipe of spoken digits"),
        ({"model": {**TINY["model"], "classes": 10}}, "has 11 classes, the digits and other"),
    ],
)
def test_a_part_that_nothing_reads_is_refused(part, said):
    what = {**TINY, **part}
    with pytest.raises(ValueError, match=said):
        trainer.kind_of(what).check(what)


def test_other_sounds_are_no_words():
    digits = spoken_digits("train")
    found = negatives(digits, {"phrases": 5, "backwards": 5, "cut": 5, "joined": 5, "silence": 5}, np.random.default_rng(0))
    assert found.shape == (25, 8000) and found.dtype == torch.float32 and found.isfinite().all()
    rows = {row.tobytes() for row in digits.waveforms.numpy()}
    assert not [one for one in found.numpy() if one.tobytes() in rows]
    assert (found[:20].abs().amax(1) > 0.1).all() and found[20:].abs().max() < 0.01
    assert all((one[:4000].abs().max() == 0) != (one[4000:].abs().max() == 0) for one in found[10:15])
    with pytest.raises(ValueError, match="nothing makes 'music' of digits"):
        negatives(digits, {"music": 1}, np.random.default_rng(0))
    with pytest.raises(ValueError, match="no example is asked for"):
        negatives(digits, {"cut": 0}, np.random.default_rng(0))
