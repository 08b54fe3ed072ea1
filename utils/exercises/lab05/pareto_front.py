"""pareto_front: which of many networks no other one beats in both cost and quality."""

import math

import numpy as np

from utils.exercises.draws import decimal
from utils.exercises.kit import Case, Cases, Mistake, Rng, Verdict, close_to, describe, exercise, keeps_inputs, refuses
from utils.exercises.lab05.fronts import ORACLE, Point, Points, dominates, front_by, hull


def numpy_front(points: Points) -> list[int]:
    """The stand-in: sorted by cost, a point stays if its quality is above that of all cheaper ones."""
    values = np.asarray(points, dtype=float).reshape(-1, 2)
    if np.isnan(values).any():
        raise ValueError("a point with NaN can't be compared: leave it out")
    before = [values[values[:, 0] < cost, 1].max(initial=-math.inf) for cost in values[:, 0]]
    equal = [values[values[:, 0] == cost, 1].max() for cost in values[:, 0]]
    stays = (values[:, 1] == np.array(equal)) & (values[:, 1] > np.array(before))
    return [int(at) for at in np.argsort(values[:, 0], kind="stable") if stays[at]]


def _judge(answer: object, inputs: tuple[Points]) -> Verdict:
    """As a list of indices; an array of them is as good."""
    if type(answer) is np.ndarray and answer.ndim == 1 and answer.dtype.kind in "iu" and answer.size:
        answer = answer.tolist()
    if type(answer) in (list, tuple) and any(type(at) is bool for at in answer):  # type: ignore[attr-defined]
        return Verdict(False, describe(ORACLE(*inputs)), describe(answer), "flags")
    return close_to(ORACLE, 0, 0)(answer, inputs)


_BEATS = ("When does one point beat another one?", "When it is no worse in both, and better in at least one: less cost, or more quality.")
_BETTER = ("Which quality is better?", "The higher one; of the costs the lower one.")
_EQUAL = ("Does a point beat its equal?", "No: equal points are no better in either. Keep all of them.")
_TIE = ("Two points cost the same. Can both be on the front?", "Only if they are equal: else the better one beats the other.")
_INDEX = ("What is in the list?", "The indices of the points, not the points.")
_SORTED = ("In which order do the indices come?", "By rising cost; equal points by their index.")
_HULL = (
    "Is the line between two points of the front a limit?",
    "No: a mix of two networks can't be built, so a point below the line between them can be unbeaten.",
)
MISTAKES = (
    Mistake("gives the points", lambda points: [points[at] for at in ORACLE(points)], _INDEX),
    Mistake("less quality is better", front_by(lambda one, other: dominates((one[0], -one[1]), (other[0], -other[1]))), _BETTER),
    Mistake("more cost is better", front_by(lambda one, other: dominates((-one[0], one[1]), (-other[0], other[1]))), _BETTER),
    Mistake("must be better in both", front_by(lambda one, other: one[0] < other[0] and one[1] > other[1]), _TIE),
    Mistake("equal points beat each other", front_by(lambda one, other: one[0] <= other[0] and one[1] >= other[1]), _EQUAL),
    Mistake("keeps one of equal points", lambda points: [at for at in ORACLE(points) if points[at] not in points[:at]], _EQUAL),
    Mistake("better in one is enough", front_by(lambda one, other: one[0] < other[0] or one[1] > other[1]), _BEATS),
    Mistake("in the given order", lambda points: sorted(ORACLE(points)), _SORTED),
    Mistake("by falling cost", lambda points: ORACLE(points)[::-1], _SORTED),
    Mistake("only the best", lambda points: ORACLE(points)[-1:], _BEATS),
    Mistake("the convex hull", hull, _HULL),
)
STEPS = (
    "Refuse NaN. Keep the index of each point that no other one dominates: compare all pairs, or sort by cost and remember the best "
    "quality so far. Sort the indices by (cost, index)."
)


@exercise(numpy_front, points=3, difficulty=2, minutes=15, judge=_judge, mistakes=MISTAKES, rtol=0, steps=STEPS)
def pareto_front(rng: Rng) -> Cases:
    """pareto_front(points) -> list of indices."""

    def values(count: int, low: float, high: float) -> list[float]:
        return sorted({decimal(rng, low, high, 1) for _ in range(3 * count)})[:count]

    def shuffled(points: Points) -> list[Point]:
        return [points[at] for at in rng.permutation(len(points))]

    costs, qualities = values(6, 5, 90), values(6, 70, 95)
    front = list(zip(costs, qualities, strict=True))
    beaten = [(cost + 1, quality - 3) for cost, quality in front]
    yield Case("a front and points behind it", (shuffled(front + beaten),), weight=2, hints=_BEATS)
    yield Case("by rising cost", (front[::-1],), hints=_SORTED)
    yield Case("one point beats all", ([*front[1:], (front[0][0], 99.0)],), hints=_BEATS)
    yield Case("equal costs", (shuffled([front[0], (front[0][0], front[0][1] - 1), front[2]]),), hints=_TIE)
    yield Case("equal qualities", (shuffled([front[1], (front[1][0] + 2, front[1][1]), front[5]]),), hints=_TIE)
    yield Case("equal points", ([front[4], front[2], front[4], front[2], beaten[2]],), hints=_EQUAL)
    low, high = front[0], front[5]
    dented = (decimal(rng, low[0] + 0.6 * (high[0] - low[0]), high[0] - 0.1), low[1] + 0.1)
    yield Case("a dent in the front", ([high, dented, low],), hints=_HULL)
    yield Case("a single point", ([front[3]],), hints=_INDEX)
    some = [(float(cost), float(quality)) for cost, quality in rng.integers(0, 9, (40, 2))]
    yield Case("forty points with ties", (some,), weight=2, hints=_EQUAL)
    nothing = ("What is the front of no points?", "An empty list.")
    yield Case("no points", ([],), weight=0.5, hints=nothing, hints_on_error=True)
    compare = ("What does a comparison with NaN give?", "False, whichever way round: look for it with math.isnan and raise ValueError.")
    yield refuses("NaN", (shuffled([*front, (front[0][0], math.nan)]),), hints=compare)
    yield keeps_inputs(shuffled(front + beaten))
