"""cubic_sparsity: the schedule of gradual pruning."""

from collections.abc import Callable

from utils.compress import pruning
from utils.exercises.kit import Case, Cases, Mistake, Rng, close_to, exercise


def cubic(step: float, begin: float, end: float, final_sparsity: float) -> float:
    """Zhu and Gupta (2017), equation 1, written from the end: what is still to go shrinks with the third power."""
    if step <= begin:
        return 0.0
    remaining = max(end - step, 0) / (end - begin)
    return final_sparsity - final_sparsity * remaining**3


def _done(step: float, begin: float, end: float) -> float:
    return min(max((step - begin) / (end - begin), 0.0), 1.0)


def _by(curve: Callable[[float], float]) -> Callable[..., float]:
    """Another curve of the fraction that is done."""
    return lambda step, begin, end, final: final * curve(_done(step, begin, end))


def _a_step_early(step: float, begin: float, end: float, final: float) -> float:
    return cubic(step + 1, begin, end, final) if step >= begin else 0.0


def _integers(step: float, begin: float, end: float, final: float) -> float:
    return final * (1 - (1 - min(max((step - begin) // (end - begin), 0), 1)) ** 3)


_EARLY = ("What is pruned before pruning begins?", "Clamp the fraction that is done at 0, or the cubic goes negative.")
_BOUNDS = ("Which fraction is done before begin, and after end?", "0 and 1: clamp (step - begin) / (end - begin) to that range.")
_LATE = ("What happens after the last pruning step?", "Clamp the fraction that is done at 1.")
_HALF = ("Put t = 0.5 into the formula by hand: 1 - 0.5 ** 3 is 0.875.", "The third power is of (1 - t), and it is subtracted from 1.")
_SHIFT = ("Where is t = 0 when begin is not 0?", "t = (step - begin) / (end - begin).")
_FRACTIONS = ("Here the three are fractions of the training, between 0 and 1.", "Do not round, and do not use //: it gives 0 here.")
_FINAL = ("At which sparsity does the schedule end?", "The result is a multiple of final_sparsity.")
MISTAKES = (
    Mistake("without bounds", lambda step, begin, end, final: final * (1 - (1 - (step - begin) / (end - begin)) ** 3), _BOUNDS),
    Mistake("the wrong way up", _by(lambda done: done**3), _HALF),
    Mistake("linear", _by(lambda done: done), _HALF),
    Mistake("squared", _by(lambda done: 1 - (1 - done) ** 2), _HALF),
    Mistake("to 1", lambda step, begin, end, final: cubic(step, begin, end, 1.0), _FINAL),
    Mistake("from 0", lambda step, begin, end, final: cubic(step, 0, end, final) if step > begin else 0.0, _SHIFT),
    Mistake("a step early", _a_step_early, ("What is the sparsity at begin?", "Exactly 0: no step is done yet.")),
    Mistake("nothing after the end", lambda step, begin, end, final: cubic(step, begin, end, final) if step < end else 0.0, _LATE),
    Mistake("in integers", _integers, _FRACTIONS),
)
STEPS = "The fraction that is done: (step - begin) / (end - begin), clamped to 0 and 1. Put it into the formula."


@exercise(pruning.cubic_sparsity, points=2, difficulty=1, minutes=5, judge=close_to(cubic, atol=1e-5), mistakes=MISTAKES, steps=STEPS)
def cubic_sparsity(rng: Rng) -> Cases:
    """cubic_sparsity(step, begin, end, final_sparsity) -> float."""
    final, begin, end = round(float(rng.uniform(0.5, 0.95)), 2), int(rng.integers(150, 250)), int(rng.integers(900, 1100))
    yield Case("0 before begin", (begin - int(rng.integers(50, 120)), begin, end, final), hints=_EARLY)
    yield Case("0 at begin", (begin, begin, end, final), hints=_EARLY)
    middle = "halfway it is 7/8 of the final sparsity"
    yield Case(middle, (end // 2, 0, 2 * (end // 2), final), hints=_HALF)
    yield Case("counts from begin", (int(rng.integers(300, 500)), begin, 700, final), weight=2, hints=_SHIFT, basis=middle)
    yield Case("final_sparsity at end", (end, begin, end, final), hints=_LATE, basis=middle)
    yield Case("final_sparsity after end", (end + int(rng.integers(1, 900)), begin, end, final), hints=_LATE, basis=middle)
    fractions = (float(rng.uniform(0.2, 0.5)), 0.1, 0.6, final)
    yield Case("takes fractions too", fractions, hints=_FRACTIONS, basis="counts from begin")
    yield Case("final_sparsity 0 prunes nothing", (int(rng.integers(200, 500)), 0, end, 0.0), hints=_FINAL, basis=middle)
