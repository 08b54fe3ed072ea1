"""Lab 03's exercises: what each function must do, and what stands in for it.

Logits and features are float32, like a network's. The oracles are sums written out in double precision and, for
gradients, closed forms or central differences.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from torch import Tensor, cat, from_numpy, tensor, zeros

from utils.compress import distillation
from utils.exercises.declare import Case, Lab
from utils.exercises.judges import close_to, raises, recognising
from utils.exercises.lab03 import hints as say
from utils.exercises.lab03 import oracles as right
from utils.exercises.lab03.judges import either, labels_and_keep, sends, sends_finite, sends_the_teacher_nothing
from utils.exercises.lab03.mistakes import ATTENTION, DISTILLED, FLOORED, RELATIONAL, SHARE, SQUARED
from utils.exercises.standins import package

lab = Lab("03")


def _normal(rng: np.random.Generator, *shape: int, scale: float = 1.0) -> Tensor:
    return from_numpy((scale * rng.normal(size=shape)).astype(np.float32))


def _labels(rng: np.random.Generator, n: int, classes: int) -> Tensor:
    return from_numpy(rng.integers(0, classes, n))


@lab.exercise(points=4, difficulty=2, minutes=15, stand_in=package(distillation.kd_loss))
def kd_loss(rng: np.random.Generator) -> Iterator[Case]:
    """kd_loss(student_logits, teacher_logits, labels, temperature, alpha) -> scalar tensor."""
    judge = recognising(close_to(right.distilled), DISTILLED, rtol=1e-3)

    def batch(n: int, classes: int, scale: float = 2.0) -> tuple[Tensor, Tensor, Tensor]:
        return _normal(rng, n, classes, scale=scale), _normal(rng, n, classes, scale=scale), _labels(rng, n, classes)

    alone = "the teacher alone, temperature 1"
    yield Case(alone, (*batch(6, 10), 1.0, 1.0), judge, 2, say.DIRECTION, hints_for=say.OF_KD)
    both = (
        "Which logits are divided by the temperature?",
        "The student's and the teacher's, before the softmax; then times temperature**2.",
    )
    warm, parts_add = "the teacher alone, temperature 4", "both parts"
    yield Case(warm, (*batch(6, 10), 4.0, 1.0), judge, 2, both, hints_for=say.OF_KD)
    hard = ("What is left when alpha is 0?", "The cross entropy of the student's logits with the labels, at temperature 1.")
    yield Case("the labels alone", (*batch(8, 5), 3.0, 0.0), judge, hints=hard, hints_for=say.OF_KD)
    parts = ("Add the two parts by hand.", "alpha * temperature**2 * divergence + (1 - alpha) * cross entropy.")
    yield Case(parts_add, (*batch(7, 10), 4.0, 0.7), judge, hints=parts, hints_for=say.OF_KD, basis=warm)
    yield Case("a single image", (*batch(1, 10), 2.0, 0.5), judge, hints=parts, hints_for=say.OF_KD, basis=parts_add)
    _, teacher, labels = batch(5, 10)
    nothing = ("How far is a distribution from itself?", "Its divergence is 0; a cross entropy would leave the teacher's own entropy.")
    yield Case(
        "equal logits cost nothing",
        (teacher.clone(), teacher, labels, 2.0, 1.0),
        recognising(close_to(right.distilled, atol=1e-5), DISTILLED, rtol=1e-3),  # a difference of two entropies in float32 is no exact 0
        hints=nothing,
        hints_for=say.OF_KD,
        basis=parts_add,
    )
    huge = (
        "What is exp(5000)?",
        "Infinity, and the logarithm of a probability of 0 is too: use log_softmax, never softmax and then log.",
    )
    yield Case("huge logits", (*batch(6, 10, scale=5000.0), 2.0, 0.5), judge, hints=huge, basis=parts_add)
    learn = sends("student", right.distilled_slope)
    flow = {"flow": say.FLOW}
    size = ("Compare the size of the gradient at temperature 1 and 4.", "Dividing by T twice is undone by temperature**2.")
    yield Case("the student's gradient", (*batch(6, 10), 4.0, 0.7), learn, hints=size, hints_for=flow, probe="gradients", basis=parts_add)
    stays = sends_the_teacher_nothing
    yield Case("no gradient for the teacher", (*batch(6, 10), 4.0, 0.7), stays, hints=say.DETACH, hints_for=flow, probe="gradients")
    yield Case("refuses temperature 0", (*batch(4, 3), 0.0, 0.5), raises("ValueError"), hints=say.REFUSE, about="refusal")
    yield Case("refuses a temperature below 0", (*batch(4, 3), -2.0, 0.5), raises("ValueError"), hints=say.REFUSE, about="refusal")
    before = (*batch(5, 10), 2.0, 1.0)
    yield Case("leaves the tensors as they were", before, judge, hints_for={"changed": say.CHANGED}, about="inputs")


@lab.exercise(points=2, difficulty=2, minutes=10, stand_in=package(distillation.feature_loss))
def feature_loss(rng: np.random.Generator) -> Iterator[Case]:
    """feature_loss(student_feat, teacher_feat, projector) -> scalar tensor."""
    judge = recognising(close_to(right.squared_error), SQUARED, rtol=1e-3)
    mean = (
        "The squared differences of what, and the mean over what?",
        "projector(student_feat) - teacher_feat, squared; the mean over all numbers.",
    )

    def layers(n: int, narrow: int, wide: int, *place: int) -> tuple[Tensor, Tensor, Tensor]:
        return _normal(rng, n, narrow, *place), _normal(rng, n, wide, *place), _normal(rng, narrow, wide, scale=0.5)

    of_features = say.OF_FEATURES | {"error": say.PROJECT}
    yield Case("vectors of another width", layers(6, 3, 5), judge, 2, mean, hints_for=of_features, probe="projected")
    yield Case("feature maps", layers(2, 3, 4, 5, 6), judge, hints=mean, hints_for=of_features, probe="projected")
    same = ("Do you call the projector?", "Also where the widths are equal: it is the projector that decides, not the shapes.")
    yield Case("equal widths are projected too", layers(5, 4, 4), judge, hints=same, hints_for=say.OF_FEATURES, probe="projected")
    student, _, matrix = layers(4, 3, 5)
    yield Case(
        "a perfect copy costs nothing", (student, student @ matrix, matrix), judge, hints=mean, hints_for=say.OF_FEATURES, probe="projected"
    )
    yield Case("a single image", layers(1, 3, 5), judge, hints=mean, hints_for=say.OF_FEATURES, probe="projected")
    flow = {"flow": say.FLOW}
    way = ("Which way does the student's gradient go?", "Through the projector: no detach() and no no_grad() on that side.")
    learn = sends("student", lambda *inputs: right.slope(right.squared_error, inputs, 0))
    yield Case("the student's gradient", layers(4, 3, 5), learn, hints=way, hints_for=flow, probe="projected_gradients")
    adapts = sends("matrix", lambda *inputs: right.slope(right.squared_error, inputs, 2))
    yield Case("the projector learns", layers(4, 3, 5), adapts, hints=way, hints_for=flow, probe="projected_gradients")
    stays = sends_the_teacher_nothing
    yield Case("no gradient for the teacher", layers(4, 3, 5), stays, hints=say.DETACH, hints_for=flow, probe="projected_gradients")
    rows = (
        "What does (6, 5) minus (1, 5) give?",
        "Six rows less the same row: torch broadcasts. Compare the two shapes and raise ValueError.",
    )
    columns = (
        "What does (6, 5) minus (6, 1) give?",
        "Each row less one number: torch broadcasts. Compare the whole shapes, not how many images there are.",
    )
    refuses = raises("ValueError")
    one_of_six = (_normal(rng, 6, 3), _normal(rng, 1, 5), _normal(rng, 3, 5))
    yield Case("refuses another number of images", one_of_six, refuses, hints=rows, probe="projected", about="refusal")
    one_of_five = (_normal(rng, 6, 3), _normal(rng, 6, 1), _normal(rng, 3, 5))
    yield Case("refuses another width", one_of_five, refuses, hints=columns, probe="projected", about="refusal")
    changed = {"changed": say.CHANGED}
    yield Case("leaves the tensors as they were", layers(4, 3, 5), judge, hints_for=changed, probe="projected", about="inputs")


@lab.exercise(points=4, difficulty=3, minutes=15, stand_in=package(distillation.relational_loss))
def relational_loss(rng: np.random.Generator) -> Iterator[Case]:
    """relational_loss(student_emb, teacher_emb) -> scalar tensor."""
    judge = recognising(close_to(right.relational), RELATIONAL, rtol=1e-3)
    steps = (
        "Print the distances of three images on paper and by your function.",
        "All pairs i < j; divide by their mean, each network by its own; then Huber with delta 1, the mean over the pairs.",
    )
    three = "pairs of five images"
    yield Case(three, (_normal(rng, 5, 16), _normal(rng, 5, 16)), judge, 2, steps, hints_for=say.OF_RELATIONS)
    yield Case("spaces of other widths", (_normal(rng, 6, 12), _normal(rng, 6, 30)), judge, hints=steps, hints_for=say.OF_RELATIONS)
    student = _normal(rng, 6, 5)
    scale = (student, cat([zeros(6, 2), 50 * student + 3], 1))
    alike = ("Which two spaces are alike?", "Those in which the same pairs are close, whatever the scale: divide by the mean distance.")
    yield Case("equal up to scale costs nothing", scale, judge, hints=alike, hints_for=say.OF_RELATIONS)
    apart = _normal(rng, 8, 4, scale=0.01)
    apart[int(rng.integers(8))] += 40
    huber = ("Which loss grows slower than the square?", "Huber: half the square up to 1, then the difference less one half.")
    yield Case("one far image counts linearly", (apart, _normal(rng, 8, 16)), judge, hints=huber, hints_for=say.OF_RELATIONS)
    pair = ("How many pairs have two images?", "One, and divided by their mean all distances are 1.")
    yield Case("two images", (_normal(rng, 2, 3), _normal(rng, 2, 4)), judge, hints=pair, hints_for=say.OF_RELATIONS)
    teacher, twins = _normal(rng, 6, 16), _normal(rng, 6, 16)
    teacher[1] = teacher[0] + 0.1 * teacher[1]
    twins[1] = twins[0]
    lenient = either(judge, close_to(right.relational_of_nonzero))
    zero = ("How far apart are two equal embeddings?", "At distance 0, and that pair counts like any other.")
    yield Case("two equal embeddings", (twins, teacher), lenient, hints=zero, hints_for=say.OF_RELATIONS)
    collapsed = ("What is the mean of distances that are all 0?", "0, and 0 / 0 is NaN: bound the mean from below before you divide.")
    floor = {"floor": say.FLOOR}
    as_one = recognising(judge, FLOORED, rtol=1e-3)
    yield Case("a student that sees all as one", (zeros(5, 8) + 0.5, _normal(rng, 5, 3)), as_one, hints=collapsed, hints_for=floor)
    yield Case("a teacher that sees all as one", (_normal(rng, 5, 8), zeros(5, 3) - 0.5), as_one, hints=collapsed, hints_for=floor)
    flow = {"flow": say.FLOW}
    root = (
        "What is the slope of a square root at 0?",
        "Infinite, and times 0 it is NaN: take the root of pairs i < j only, or use torch.pdist, which knows.",
    )
    learn = sends("student", lambda *inputs: right.slope(right.relational, inputs, 0))
    networks = (_normal(rng, 5, 8), _normal(rng, 5, 12))
    yield Case("the student's gradient", networks, learn, hints=root, hints_for=flow, probe="gradients")
    stays = sends_the_teacher_nothing
    yield Case("no gradient for the teacher", networks, stays, hints=say.DETACH, hints_for=flow, probe="gradients")
    equal = (
        "What is the slope of a square root at 0?",
        "Infinite: keep equal pairs out of it, or use torch.pdist, which gives them a slope of 0.",
    )
    yield Case("equal embeddings, finite gradient", (twins, teacher), sends_finite, hints=equal, hints_for=flow, probe="gradients")
    changed = {"changed": say.CHANGED}
    yield Case("leaves the tensors as they were", networks, judge, hints_for=changed, about="inputs")


@lab.exercise(points=3, difficulty=2, minutes=10, stand_in=package(distillation.pseudo_label))
def pseudo_label(rng: np.random.Generator) -> Iterator[Case]:
    """pseudo_label(teacher_logits, threshold) -> (labels, keep)."""
    judge = labels_and_keep
    sure = (
        "What has to reach the threshold?",
        "The softmax probability of the label, between 0 and 1: a logit is no probability.",
    )

    def answers(*confidence: float, classes: int = 5) -> Tensor:
        """Logits whose largest probability is as given, at a class drawn by lot; the others share the rest."""
        rest = (1 - np.array(confidence)) / (classes - 1)
        logits = np.repeat(np.log(rest)[:, None], classes, 1)
        logits[np.arange(len(rest)), rng.integers(0, classes, len(rest))] = np.log(confidence)
        return from_numpy((logits + rng.normal(size=(len(rest), 1))).astype(np.float32))

    some = (answers(0.95, 0.5, 0.85, 0.3, 0.99, 0.78), 0.8)
    yield Case("three of six are sure", some, judge, 2, sure, hints_for=say.OF_LABELS)
    low = (answers(0.5, 0.3, 0.42, 0.35) - 8, 0.4)
    yield Case("negative logits", low, judge, hints=sure, hints_for=say.OF_LABELS)
    high = (answers(0.5, 0.3, 0.42, 0.35) + 8, 0.45)
    yield Case("large logits, unsure all the same", high, judge, hints=sure, hints_for=say.OF_LABELS)
    equal = ("Is a confidence of exactly the threshold enough?", "Yes: at least, not more than.")
    halves = (tensor([[0.0, 0.0], [3.0, 0.0], [0.0, 4.0]]), 0.5)
    yield Case("exactly at the threshold", halves, judge, hints=equal, hints_for=say.OF_LABELS)
    certain = (tensor([[0.0, 300.0, 0.0], [2.0, 0.0, 0.0], [0.0, 0.0, 900.0]]), 1.0)
    yield Case("threshold 1 keeps the certain", certain, judge, hints=equal, hints_for=say.OF_LABELS)
    huge = ("What is exp(20000)?", "Infinity: torch.softmax takes the largest logit off first, exp by hand does not.")
    far = (_normal(rng, 6, 5, scale=20000.0), 0.9)
    yield Case("huge logits", far, judge, hints=huge, hints_for=say.OF_LABELS)
    yield Case("nobody is sure", (answers(0.4, 0.35, 0.5), 0.9), judge, hints=say.WHOLE, hints_for=say.OF_LABELS)
    one = ("What are the shapes of what you return?", "(n,) and (n,), also where n is 1: squeeze() takes too much.")
    yield Case("a single image", (answers(0.9), 0.6), judge, hints=one, hints_for={"labels": one, "keep": one})
    wants = (
        "These logits want a gradient; the error says what that forbids.",
        "Call teacher_logits.detach() first: labels need no gradient.",
    )
    yield Case("takes logits that want a gradient", some, judge, hints_for={"error": wants}, probe="as_parameters", as_given=True)
    share = ("Which thresholds can a probability reach?", "Those above 0 up to 1: raise ValueError for any other.")
    yield Case("refuses threshold 0", (answers(0.9, 0.8), 0.0), raises("ValueError"), hints=share, about="refusal")
    yield Case("refuses a threshold below 0", (answers(0.9, 0.8), -0.5), raises("ValueError"), hints=share, about="refusal")
    yield Case("refuses a threshold in percent", (answers(0.9, 0.8), 90), raises("ValueError"), hints=share, about="refusal")
    yield Case("leaves the logits as they were", some, judge, hints_for={"changed": say.CHANGED}, about="inputs")


@lab.exercise(points=2, difficulty=1, minutes=10, core=False, stand_in=package(distillation.attention_map))
def attention_map(rng: np.random.Generator) -> Iterator[Case]:
    """attention_map(feat) -> (n, h * w) tensor."""
    judge = recognising(close_to(right.attention, atol=1e-5), ATTENTION, rtol=1e-3)
    squares = ("What is added up at each place?", "The squares of all channels there; then each image's map is divided by its length.")
    yield Case("a map for each image", (_normal(rng, 3, 4, 5, 5),), judge, 2, squares, hints_for=say.OF_ATTENTION)
    order = ("In which order are the places?", "Row by row, as flatten does it.")
    yield Case("an image that is not square", (_normal(rng, 2, 3, 4, 6),), judge, hints=order, hints_for=say.OF_ATTENTION)
    yield Case("a single channel", (_normal(rng, 2, 1, 3, 4),), judge, hints=squares, hints_for=say.OF_ATTENTION)
    yield Case("a single image", (_normal(rng, 1, 3, 4, 4),), judge, hints=say.MAP, hints_for=say.OF_ATTENTION)
    scales = _normal(rng, 3, 4, 4, 4) * tensor([1.0, 20.0, 400.0]).view(3, 1, 1, 1)
    yield Case("images of other brightness", (scales,), judge, hints=say.LENGTH, hints_for=say.OF_ATTENTION)
    nothing = _normal(rng, 3, 2, 4, 4)
    nothing[1] = 0
    dark = ("What is the length of a map of zeros?", "0, and 0 / 0 is NaN: F.normalize bounds the length from below.")
    yield Case("an image of zeros", (nothing,), judge, hints=dark, hints_for=say.OF_ATTENTION)
    small = ("The lengths of these maps are about 1e-7, and that is right.", "Add no small number: bound the length from below, by 1e-12.")
    yield Case("faint features", (_normal(rng, 2, 3, 4, 4, scale=1e-4),), judge, hints=small, hints_for=say.OF_ATTENTION)
    changed = {"changed": say.CHANGED}
    yield Case("leaves the features as they were", (_normal(rng, 2, 3, 4, 4),), judge, hints_for=changed, about="inputs")


@lab.exercise(points=1, difficulty=1, minutes=5, core=False, stand_in=package(distillation.agreement))
def agreement(rng: np.random.Generator) -> Iterator[Case]:
    """agreement(student_logits, teacher_logits) -> float between 0 and 1."""
    judge = recognising(close_to(right.share_agreed, atol=1e-6), SHARE)
    first = ("What is a network's first choice?", "The class of the largest logit: argmax along axis 1. Compare, then take the mean.")

    def choosing(*classes: int) -> Tensor:
        return _normal(rng, len(classes), 4) + from_numpy(20 * np.eye(4, dtype=np.float32)[list(classes)])

    yield Case("three of five agree", (choosing(0, 3, 1, 2, 2), choosing(0, 3, 1, 1, 0)), judge, 2, first, hints_for=say.OF_AGREEMENT)
    teacher = choosing(*rng.integers(0, 4, 37))
    other = ("Do the logits have to be equal?", "Only the class that is largest: other scales and other losers may differ.")
    yield Case("the same choices, other logits", (3 * teacher + 1, teacher), judge, hints=other, hints_for=say.OF_AGREEMENT)
    yield Case("never the same", (choosing(0, 1, 2, 3), choosing(1, 2, 3, 0)), judge, hints=first, hints_for=say.OF_AGREEMENT)
    yield Case("a single image", (choosing(2), choosing(1)), judge, hints=first, hints_for=say.OF_AGREEMENT)
    changed = {"changed": say.CHANGED}
    half = (choosing(0, 1, 2, 3), choosing(0, 1, 3, 2))
    yield Case("leaves the logits as they were", half, judge, hints_for=changed, about="inputs")
