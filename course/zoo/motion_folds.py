"""Train the motion networks of the zoo, a network a fold, and record what a minute of a new person's motion adds.

zoo/NAME/foldK.safetensors is the network of fold K, trained with the recipe's first seed, where the recipe says that they
ship; seedN.json holds what all folds of a seed reached, person by person. Nobody's figure comes from a network that was
trained on that person.

A recipe without [adapt] only trains. With [export], options of `to_int8_onnx`, each network is judged as an int8 file, too.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from course.zoo.exported import exported
from utils.adapt import AdaptConfig, FederatedConfig, FederatedHistory, MotionAugment, Reservoir, adapt_batch_norm, fedavg, personalise
from utils.data import Motion, folds, hapt, smartwatch, standardise
from utils.files import ZOO
from utils.measure import scorecard
from utils.models import MotionConfig, MotionNet, save_model
from utils.train import TrainConfig, accuracy, fit, one_cycle

CALIBRATION = 512  # windows, about, spread over the training people
KNOWN = ("title", "data", "seeds", "folds", "ships", "model", "train", "shake", "adapt", "federated", "export")


@dataclass(frozen=True)
class Parts:
    """One fold. No sample is in two of the four; nothing but `train` is ever trained on before a person is new.

    kept: of the people of `train`, what is kept back to see what they lose.
    minute, later: of each new person, what is learnt from and what is judged.
    """

    train: Motion
    kept: Motion
    minute: dict[int, Motion]
    later: dict[int, Motion]


def watch_parts(they: tuple[int, ...], new: tuple[int, ...]) -> Parts:
    """Training people: all but the last 6 s of each recording; new people: 4.28 s of each, then what follows 5 s."""
    data, finely = smartwatch(), smartwatch(stride=7)  # 60 s / 14 recordings; three overlapping windows in each
    known = data.only(they)
    scaled = standardise(known.between(0, -6), known.between(-6), finely.only(new).between(0, 4.28), data.only(new).between(5))
    return _parts(scaled, new)


def hapt_parts(they: tuple[int, ...], new: tuple[int, ...]) -> Parts:
    """Training people: all but the last stretch of each activity; new people: 10 s of the first stretch, then the others."""
    data, finely = hapt(), hapt(stride=16)
    first, last = (_stretches(data, one) for one in (0, -1))
    held = torch.isin(data.recordings, last)
    known, kept = (data[mask & torch.isin(data.people, torch.tensor(they))] for mask in (~held, held))
    begun = finely[torch.isin(finely.recordings, first)].only(new).between(0, 10)
    scaled = standardise(known, kept, begun, data[~torch.isin(data.recordings, first)].only(new))
    return _parts(scaled, new)


def _stretches(data: Motion, which: int) -> torch.Tensor:
    """The first (0) or the last (-1) recording of each activity of each person."""
    chosen = [
        data.recordings[(data.people == person) & (data.labels == label)].unique()[which]
        for person in data.people.unique()
        for label in data.labels.unique()
    ]
    return torch.stack(chosen)


def _parts(scaled: Sequence[Motion], new: tuple[int, ...]) -> Parts:
    known, kept, minutes, later = scaled
    return Parts(known, kept, {one: minutes.only([one]) for one in new}, {one: later.only([one]) for one in new})


PARTS: dict[str, Callable[[tuple[int, ...], tuple[int, ...]], Parts]] = {"watch": watch_parts, "hapt": hapt_parts}


def check_recipe(what: dict) -> None:
    """Refuse what nothing would read.

    Raises:
        ValueError: an unknown part.
    """
    if unknown := sorted(what.keys() - set(KNOWN)):
        raise ValueError(f"nothing reads {unknown[0]!r} in a recipe of motion: use {', '.join(KNOWN)}")


def train_folds(name: str, what: dict, seed: int, say: Callable[[str], None] = print) -> dict:
    """Train and adapt the network of every fold with one seed; write those of the first seed; return the record.

    Raises:
        ValueError: a recipe with a part that nothing reads.
        FileNotFoundError: the data is not made yet; the message says how.
    """
    check_recipe(what)
    began, results, size, model = time.perf_counter(), [], 0, fresh(what, seed)
    everyone = (smartwatch if what["data"] == "watch" else hapt)().people
    for number, (they, new) in enumerate(folds(everyone, what["folds"])):
        parts = PARTS[what["data"]](they, new)
        model = fresh(what, seed)
        config = TrainConfig(seed=seed, label_smoothing=0.0, **what["train"])
        generator = torch.Generator().manual_seed(seed)  # one for all epochs: the records were made so
        fit(model, parts.train, config, augment=MotionAugment(**what["shake"]), schedule=one_cycle, generator=generator)
        results.append({"fold": number, **(adapted(model, parts, what["adapt"], seed) if "adapt" in what else plain(model, parts))})
        if "export" in what:
            results[-1]["int8"] = in_int8(model, parts, what["export"])
        if "federated" in what:
            results[-1]["federated"] = federated(parts, what, seed)
        ships = "ships" in what and seed == what["seeds"][0]
        size = save_model(model, (ZOO / name / f"fold{number}" if ships else checkpoint(name, seed, number)).with_suffix(".safetensors"))
        known, people = results[-1]["known"], results[-1]["people"]
        lines = ", ".join(f"person {one['person']}: {one['before']:.1f} to {one.get('after', one['before']):.1f} %" for one in people)
        say(f"{name} seed {seed}: fold {number}, training users {known:.1f} %, {lines}")
    of_people = lambda key: round(mean(one[key] for fold in results for one in fold["people"]), 2)  # noqa: E731
    more = {"adapted": of_people("after")} if "adapt" in what else {}
    if "export" in what:
        more["int8_test"] = round(mean(one for fold in results for one in fold["int8"]["people"].values()), 2)
        more["int8_bytes"] = max(fold["int8"]["bytes"] for fold in results)
    return {
        "seed": seed,
        "validation": round(float(np.mean([fold["known"] for fold in results])), 2),
        "test": of_people("before"),
        **more,
        "bytes": size,
        "parameters": sum(p.numel() for p in model.parameters()),
        "hours": round((time.perf_counter() - began) / 3600, 3),
        "threads": torch.get_num_threads(),
        "torch": torch.__version__,
        "config": {**what["train"], "seed": seed},
        "folds": results,
    }


def checkpoint(name: str, seed: int, fold: int) -> Path:
    """Where a network lies that does not ship; git does not see it."""
    return ZOO / ".runs" / name / f"seed{seed}fold{fold}.safetensors"


def fresh(what: dict, seed: int) -> nn.Module:
    """A network that has learnt nothing, the same for the same seed."""
    torch.manual_seed(seed)
    return MotionNet(MotionConfig.from_dict(what["model"]))


def plain(model: nn.Module, parts: Parts) -> dict:
    """What the network reaches for the training people and for each new person, in percent."""
    people = [{"person": who, "before": round(accuracy(model, later), 3)} for who, later in parts.later.items()]
    return {"known": round(accuracy(model, parts.kept), 3), "people": people}


def in_int8(model: nn.Module, parts: Parts, how: dict) -> dict:
    """The network as an int8 .onnx file, calibrated on windows of training people: its bytes, and each new person's accuracy."""
    calibration = parts.train.windows[:: max(1, len(parts.train) // CALIBRATION)]
    with exported(model, calibration, how) as (network, size):
        return {"bytes": size, "people": {str(who): round(scorecard(network, later).metric, 3) for who, later in parts.later.items()}}


def adapted(model: nn.Module, parts: Parts, how: dict, seed: int) -> dict:
    """What a minute adds for each new person, with its controls; accuracies in percent.

    before, after: of the person's later windows; after with rehearsal. statistics: nothing learns, the batch norms take
    the minute's statistics. known_after: of the known people then.
    forgetful: the same without rehearsal. shuffled: with the labels of the recordings dealt anew. stranger: with another
    new person's minute. buffer_only: as many steps on windows of known people.
    """
    how = dict(how)
    old = sample(parts.train, how.pop("buffer"), seed)
    config = AdaptConfig(seed=seed, **how)

    def learn(minute: Motion, rehearsal: Motion | None = None) -> nn.Module:
        return personalise(model, minute, config, rehearsal=rehearsal)

    new, known = list(parts.minute), accuracy(model, parts.kept)
    people = []
    for place, person in enumerate(new):
        minute, later = parts.minute[person], parts.later[person]
        stranger = parts.minute[new[(place + 1) % len(new)]]
        learned = {
            "after": learn(minute, rehearsal=old),
            "forgetful": learn(minute),
            "shuffled": learn(shuffled(minute, seed), rehearsal=old),
            "stranger": learn(stranger, rehearsal=old),
            "buffer_only": learn(sample(parts.train, len(minute), seed + 1), rehearsal=old),
        }
        row: dict[str, Any] = {"person": person, "seconds": minute.seconds, "before": accuracy(model, later)}
        row["statistics"] = accuracy(adapt_batch_norm(model, minute.windows), later)
        row |= {name: accuracy(one, later) for name, one in learned.items()}
        row |= {f"known_{name}": accuracy(one, parts.kept) for name, one in learned.items() if name in ("after", "forgetful")}
        people.append({name: round(value, 3) for name, value in row.items()})
    return {"known": round(known, 3), "people": people}


def sample(data: Motion, count: int, seed: int) -> Motion:
    """A fair sample of a stream of windows."""
    kept: Reservoir[int] = Reservoir(count, np.random.default_rng(seed))
    kept.extend(range(len(data)))
    return data[torch.tensor(kept.items)]


def shuffled(data: Motion, seed: int) -> Motion:
    """The same recordings, their labels dealt anew."""
    recordings, first = np.unique(data.recordings.numpy(), return_index=True)
    dealt = np.random.default_rng(seed).permutation(data.labels.numpy()[first])
    return replace(data, labels=torch.from_numpy(dealt[np.searchsorted(recordings, data.recordings.numpy())]))


def federated(parts: Parts, what: dict, seed: int) -> dict:
    """The same network by federated averaging, every training person a client; accuracies in percent every fifth round.

    new, known: with the clients' averaged statistics of the batch norms. new_own, known_own: with those of each person
    alone, a new one's from the minute, without its labels.
    """
    trace: dict[str, list] = {name: [] for name in ("rounds", "new", "new_own", "known", "known_own")}
    clients = {int(one): parts.train.only([int(one)]) for one in parts.train.people.unique()}

    def note(number: int, history: FederatedHistory) -> None:
        if number % 5:
            return
        trace["rounds"].append(number)
        trace["known"].append(round(accuracy(history.model, parts.kept), 3))
        trace["new"].append(mean(accuracy(history.model, one) for one in parts.later.values()))
        trace["new_own"].append(mean(own(history.model, parts).values()))
        ones = {who: adapt_batch_norm(history.model, client.windows) for who, client in clients.items()}
        trace["known_own"].append(mean(accuracy(one, parts.kept.only([who])) for who, one in ones.items()))

    config, shake = FederatedConfig(seed=seed, **what["federated"]), MotionAugment(**what["shake"])
    history = fedavg(fresh(what, seed), list(clients.values()), config, augment=shake, on_round=note)
    sent = {"bytes_up": history.bytes_up[-1], "bytes_down": history.bytes_down[-1]}
    people = [{"person": who, "own": round(value, 3)} for who, value in own(history.model, parts).items()]
    return {"clients": len(clients), "steps": history.steps, **sent, **trace, "people": people}


def own(model: nn.Module, parts: Parts) -> dict[int, float]:
    """Accuracy for each new person with the batch norms' statistics of the person's minute."""
    return {who: accuracy(adapt_batch_norm(model, parts.minute[who].windows), later) for who, later in parts.later.items()}


def mean(values: Iterable[float]) -> float:
    """Mean, with three digits."""
    return round(float(np.mean(list(values))), 3)
