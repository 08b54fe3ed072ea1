"""abstain: which exams a network decides, so that its error among them is small, and which ones go to a doctor."""

from collections.abc import Callable

import numpy as np
from torch import Tensor, from_numpy, nan, zeros

from utils.exercises.kit import Case, Cases, Mistake, Rng, close_to, exercise, keeps_inputs, refuses

Found = dict[str, float]


def _at(threshold: float, confidence: np.ndarray, right: np.ndarray) -> Found:
    decided = confidence >= threshold
    return {"threshold": float(threshold), "coverage": float(decided.mean()), "error": float((~right[decided]).mean())}


def enough(confidence: np.ndarray, right: np.ndarray, allowed: float) -> Found:
    """The oracle: the lowest threshold whose decided exams have an error of at most `allowed`."""
    tried = (_at(one, confidence, right) for one in sorted(set(confidence.tolist())))
    return next(found for found in tried if found["error"] <= allowed)


def _first_stop(confidence: np.ndarray, right: np.ndarray, allowed: float) -> Found:
    """From the surest down, until the error is too large for the first time."""
    tried = [_at(one, confidence, right) for one in sorted(set(confidence.tolist()), reverse=True)]
    stop = next((at for at, found in enumerate(tried) if found["error"] > allowed), len(tried))
    return tried[max(stop - 1, 0)]


def _one_by_one(confidence: np.ndarray, right: np.ndarray, allowed: float) -> Found:
    """As many of the sorted exams as are allowed; equally sure ones may be on both sides."""
    order = np.argsort(-confidence, kind="stable")
    error = np.cumsum(~right[order]) / np.arange(1, len(order) + 1)
    last = int(np.flatnonzero(error <= allowed)[-1])
    return {"threshold": float(confidence[order[last]]), "coverage": (last + 1) / len(order), "error": float(error[last])}


def _errors_of_all(confidence: np.ndarray, right: np.ndarray, allowed: float) -> Found:
    tried = (_at(one, confidence, right) for one in sorted(set(confidence.tolist())))
    return next(found | {"error": found["error"] * found["coverage"]} for found in tried if found["error"] * found["coverage"] <= allowed)


def _unsure(confidence: np.ndarray, right: np.ndarray, allowed: float) -> Found:
    threshold = enough(confidence, right, allowed)["threshold"]
    decided = confidence <= threshold
    return {"threshold": threshold, "coverage": float(decided.mean()), "error": float((~right[decided]).mean())}


def _above(confidence: np.ndarray, right: np.ndarray, allowed: float) -> Found:
    """Only exams above the threshold are decided, with the lowest confidence whose exams above it are right often enough."""
    tried = ((one, confidence > one) for one in sorted(set(confidence.tolist())))
    threshold, decided = next((one, of) for one, of in tried if not of.any() or (~right[of]).mean() <= allowed)
    return {"threshold": threshold, "coverage": float(decided.mean()), "error": float((~right[decided]).mean()) if decided.any() else 0.0}


def _above_right(confidence: np.ndarray, right: np.ndarray, allowed: float) -> Found:
    """The right threshold, with the exams above it only."""
    threshold = enough(confidence, right, allowed)["threshold"]
    decided = confidence > threshold
    return {"threshold": threshold, "coverage": float(decided.mean()), "error": float((~right[decided]).mean()) if decided.any() else 0.0}


def _below(confidence: np.ndarray, right: np.ndarray, allowed: float) -> Found:
    return enough(confidence, right, np.nextafter(allowed, -1))


def _but(**changed: Callable[[Found], float]) -> Callable[..., Found]:
    return lambda *x: enough(*x) | {key: made(enough(*x)) for key, made in changed.items()}


_LOWEST = (
    "How many exams does the network decide at each threshold, and how often is it wrong among them?",
    "Try each confidence that occurs as the threshold, from the lowest; take the first with an error of at most `allowed`.",
)
_STOP = (
    "Can the error fall again when more exams are decided?",
    "It can: one wrong exam among the surest counts less and less. Look at all thresholds and take the lowest that is enough.",
)
_TIES = ("Can a threshold tell two equally sure exams apart?", "It can't: both are decided or neither is.")
_OF = ("The error is a fraction of which exams?", "Of those that the network decides. What a doctor decides does not count.")
_SURE = ("Which exams should the network decide?", "The sure ones: confidence at or above the threshold.")
_AT = (
    "Does the network decide an exam whose confidence equals the threshold?",
    "An exam at the threshold is decided: confidence >= threshold.",
)
_EQUAL = ("Is an error of exactly `allowed` allowed?", "It is: at most `allowed`.")
_COVERAGE = ("Which fraction is the coverage?", "That of the exams which the network decides. The rest goes to a doctor.")
_ERROR = ("Is it how often the network is right?", "The error is how often it is wrong, 1 minus that.")
_NONE = (
    "What if even the surest exams are wrong too often?",
    "Then no threshold is enough: raise ValueError, since deciding nothing is not an answer.",
)
MISTAKES = (
    Mistake("stops at the first", _first_stop, _STOP),
    Mistake("parts equally sure ones", _one_by_one, _TIES),
    Mistake("errors of all", _errors_of_all, _OF),
    Mistake("decides the unsure", _unsure, _SURE),
    Mistake("decides above the threshold", _above, _AT),
    Mistake("counts above the threshold", _above_right, _AT),
    Mistake("less than allowed", _below, _EQUAL),
    Mistake("what is sent", _but(coverage=lambda found: 1 - found["coverage"]), _COVERAGE),
    Mistake("how often right", _but(error=lambda found: 1 - found["error"]), _ERROR),
)
STEPS = (
    "Refuse; for each value in confidence.unique(), which is sorted: decided = confidence >= value; the error is the mean of ~right "
    "among the decided; the first error of at most `allowed` is the answer, with decided's mean as coverage. Refuse if none is."
)


def numpy_abstain(confidence: Tensor, right: Tensor, allowed: float) -> Found:
    """`abstain` by the cumulative sums of numpy."""
    sure, wrong = confidence.detach().numpy(), ~right.numpy()
    if sure.shape != wrong.shape or not sure.size or np.isnan(sure).any() or not 0 <= allowed < 1:
        raise ValueError(
            f"need a confidence and an outcome for each exam and 0 <= allowed < 1, got {len(sure)}, {len(wrong)} and {allowed}"
        )
    levels, first = np.unique(np.sort(sure), return_index=True)
    errors = np.cumsum(wrong[np.argsort(sure)][::-1])[::-1][first] / (len(sure) - first)
    if not (errors <= allowed).any():
        raise ValueError(f"no threshold has an error of at most {allowed}: allow more, or let the doctor decide all")
    at = int(np.argmax(errors <= allowed))
    return {"threshold": float(levels[at]), "coverage": 1 - float(first[at]) / len(sure), "error": float(errors[at])}


@exercise(numpy_abstain, points=3, difficulty=3, minutes=15, core=False, judge=close_to(enough), mistakes=MISTAKES, steps=STEPS)
def abstain(rng: Rng) -> Cases:
    """abstain(confidence, right, allowed) -> dict of three floats."""

    def drawn(count: int, power: float = 1.0) -> tuple[Tensor, Tensor]:
        """Different confidences in a random order; right with the probability confidence ** power."""
        confidence = rng.permutation(np.linspace(0.5, 0.99, count)).astype(np.float32)
        return from_numpy(confidence), from_numpy(rng.random(count) < confidence**power)

    def last_wrong(confidence: Tensor, right: Tensor, surest: bool, least: bool) -> tuple[Tensor, Tensor]:
        """The surest exam is right or wrong, and so is the least sure one."""
        right[confidence.argmax()], right[confidence.argmin()] = surest, least
        return confidence, right

    yield Case("one in ten may be wrong", (*last_wrong(*drawn(120), True, False), 0.1), weight=2, hints=_LOWEST)
    confidence, right = drawn(90, 0.3)
    yield Case("the surest exam is wrong", (*last_wrong(confidence, right, False, False), 0.15), weight=2, hints=_STOP, hints_on_error=True)
    confidence, right = drawn(80, 1.5)
    in_steps = (confidence * 8).round() / 8
    right[in_steps == 1] = True
    yield Case("equally sure exams", (in_steps, right, 0.2), hints=_TIES)
    sure = from_numpy(np.linspace(0.6, 0.9, 24).astype(np.float32))
    wrong = zeros(24).bool()
    wrong[[9, 22]] = True  # 2 of the surest 16 are 1 / 8; the second surest is wrong
    wrong[:8] = True
    order = from_numpy(rng.permutation(24))
    yield Case("exactly the allowed error", (sure[order], ~wrong[order], 0.125), hints=_EQUAL)
    confidence, right = drawn(50)
    yield Case("all may be decided", (confidence, right, 0.99), hints=_LOWEST)
    confidence, right = drawn(60)
    yield Case("no error is allowed", (*last_wrong(confidence, right, True, False), 0.0), hints=_LOWEST, hints_on_error=True)
    yield refuses("exams that are all wrong", (confidence, right & False, 0.3), hints=_NONE)
    broken = confidence.clone()
    broken[int(rng.integers(len(broken)))] = nan
    yield refuses("a confidence of NaN", (broken, right, 0.2), weight=0.5)
    yield refuses("a negative error", (confidence, right, -0.1), weight=0.25)
    yield refuses("fewer outcomes than confidences", (confidence, right[1:], 0.2), weight=0.25)
    yield refuses("no exam", (zeros(0), zeros(0) > 0, 0.1), weight=0.25)
    yield keeps_inputs(*last_wrong(*drawn(30), True, False), 0.2, name="leaves confidences and outcomes as they were")
