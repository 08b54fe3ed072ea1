"""kmeans_codebook: shared values instead of a grid. k-means has many right answers, so the judge looks at what each must satisfy."""

from collections.abc import Callable
from typing import Any

import numpy as np
from torch import from_numpy, full

from utils.compress import quantization
from utils.exercises.draws import integers, normal
from utils.exercises.judges import Judge, Verdict, describe, difference, number
from utils.exercises.kit import Case, Cases, Hints, Mistake, Rng, exercise, keeps_inputs, refuses, takes_parameter
from utils.exercises.lab02.oracles import distance_to_nearest, lloyd

KMEANS = 1.25  # how much worse than Lloyd's from even spacing: another start ends in another minimum, at most a tenth higher


def codebook(*wanted: str) -> Judge:
    """inputs: (weight, bits). A codebook of 2**bits finite numbers and a code for each weight, with these properties (`_PROPERTIES`).

    Verdicts are about "shape", "nan", or the property that is missing.
    """

    def judge(answer: Any, inputs: tuple[Any, ...]) -> Verdict:
        weight, bits = inputs
        expected = f"a codebook of shape ({2**bits},) and codes of shape {weight.shape}"
        if type(answer) not in (list, tuple) or len(answer) != 2 or not all(type(one) is np.ndarray for one in answer):
            return Verdict(False, expected, describe(answer), "shape")
        entries, given = answer
        if entries.shape != (2**bits,) or given.shape != weight.shape or any(one.dtype.kind not in "iuf" for one in answer):
            return Verdict(False, expected, f"shapes {entries.shape} and {given.shape}", "shape")
        if not np.isfinite(entries).all():
            return Verdict(False, "numbers in the codebook", "NaN or infinity in the codebook", "nan")
        if not np.isin(given, np.arange(2**bits)).all():
            return Verdict(False, f"codes from 0 to {2**bits - 1}", f"codes from {number(given.min())} to {number(given.max())}", "shape")
        for name in wanted:
            if (fault := _fault(name, weight, bits, entries.astype(float), given)) is not None:
                return Verdict(False, _PROPERTIES[name], fault, name)
        said = ", ".join(_PROPERTIES[name] for name in wanted)
        return Verdict(True, said, said)

    return judge


_PROPERTIES = {
    "nearest": "each weight has its nearest entry",
    "means": "each used entry is the mean of its weights",
    "loss": "an error about as small as that of k-means",
    "exact": "each weight comes back as it was",
    "padded": "entries in ascending order",  # about values that were put behind the last entry
    "sorted": "entries in ascending order",
    "repeated": "the last value repeated in the entries that are left over",
    "integers": "codes of an integer dtype",
}


def _fault(name: str, weight: np.ndarray, bits: int, entries: np.ndarray, given: np.ndarray) -> str | None:
    """The first fault about this property, None if there is none. Errors are measured by the space between evenly spaced entries."""
    spacing, codes = float(np.ptp(weight)) / (2**bits - 1), given.astype(int)
    back, falls = entries[codes], np.flatnonzero(np.diff(entries) < -1e-6 * np.ptp(entries))  # a mean in float32
    if name == "nearest":
        worse = np.abs(weight - back) > distance_to_nearest(weight, entries) + 2e-3 * spacing + 1e-7
        return f"{int(worse.sum())} of {weight.size} weights have another entry" if worse.any() else None
    if name == "means":
        means = {code: weight[codes == code].astype(float).mean() for code in np.unique(codes).tolist()}
        off = [code for code, mean in means.items() if abs(entries[code] - mean) > 2e-2 * spacing + 1e-7]
        return f"entry {off[0]} is {number(entries[off[0]])}, the mean of its weights {number(means[off[0]])}" if off else None
    if name == "loss":
        error, least = (float(np.mean(far**2)) for far in (weight - back, distance_to_nearest(weight, lloyd(weight, bits))))
        return f"mean squared error {number(error)}, k-means has {number(least)}" if error > KMEANS * least + 1e-12 else None
    if name == "exact":
        fault = difference(back, weight.astype(float), 1e-5, 1e-7)
        return fault and f"codebook[codes] has {fault}"
    if name == "sorted" or (name == "padded" and (np.diff(entries) > 1e-6 * np.ptp(entries)).any()):
        return f"{number(entries[falls[0]])} before {number(entries[falls[0] + 1])}" if falls.size else None
    if name == "repeated":
        values = len(np.unique(weight))
        odd = [entry for entry in entries[values:] if not np.isclose(entry, entries[values - 1], rtol=1e-5)]
        return f"{number(odd[0])} among the entries that are left over" if odd else None
    return f"codes of {given.dtype}" if name == "integers" and given.dtype.kind not in "iu" else None


_NEAREST = ("Which entry does a weight get?", "The nearest: argmin of the distances, after the last change of the codebook.")
_MEAN = ("Where should an entry be, so that its weights are near?", "At their mean. Repeat both steps until no entry moves any more.")
_ORDER = ("In which order are the entries?", "From low to high: sort them before you assign codes.")
_SMALL = ("Both steps lower the error. Where did you start?", "At evenly spaced values, from the smallest weight to the largest.")
_BACK = ("There are fewer values than entries.", "Then the entries are the values: torch.unique, the last one repeated, and no rounds.")
_NAN = ("What is the mean of no weights?", "NaN: an entry that no weight is nearest to stays where it is.")
_SHAPE = ("What are the shapes of the two?", "(2**bits,) and the weight's; a code is the number of an entry, from 0.")
_DTYPE = ("What is the dtype of your codes?", "An integer one: they index the codebook.")
_SPECIAL: dict[str, Hints] = {
    **{"shape": _SHAPE, "nan": _NAN, "nearest": _NEAREST, "means": _MEAN},
    **{"sorted": _ORDER, "padded": _BACK, "repeated": _BACK, "integers": _DTYPE, "exact": _BACK},
}


def _kmeans(weight: np.ndarray, bits: int, rounds: int = 200) -> tuple[np.ndarray, np.ndarray]:
    """Right, if there are enough rounds."""
    values, left = np.unique(weight).astype(float), 2**bits - len(np.unique(weight))
    entries = lloyd(weight, bits, rounds) if left < 0 else np.pad(values, (0, left), mode="edge")
    return entries, _codes(weight, entries)


def _codes(weight: np.ndarray, entries: np.ndarray) -> np.ndarray:
    return np.abs(weight[..., None] - entries).argmin(-1)


def _with(changed: Callable[..., Any]) -> Callable[..., Any]:
    """changed: (entries, codes, weight) -> what is made of a right answer."""
    return lambda weight, bits: changed(*_kmeans(weight, bits), weight)


def _even(weight: np.ndarray, count: int) -> np.ndarray:
    return np.linspace(weight.min(), weight.max(), count)


def _shares(weight: np.ndarray, bits: int) -> tuple[np.ndarray, np.ndarray]:
    """Entries at quantiles: as many weights for each."""
    if len(np.unique(weight)) <= 2**bits:
        return _kmeans(weight, bits)
    codes = weight.ravel().argsort().argsort() * 2**bits // weight.size
    return np.array([weight.ravel()[codes == at].mean() for at in range(2**bits)]), codes.reshape(weight.shape)


def _padded(entries: np.ndarray, weight: np.ndarray, by: float, used: np.ndarray | None = None) -> np.ndarray:
    kept = np.arange(len(entries)) < len(np.unique(weight)) if used is None else np.isin(np.arange(len(entries)), used)
    return np.where(kept, entries, by)


def _stirred(weight: np.ndarray, bits: int) -> np.ndarray:
    """A little of something, so that no two are equal, where there are few values."""
    few = len(np.unique(weight)) <= 2**bits
    return weight + few * 1e-3 * np.linspace(0, 1, weight.size).reshape(weight.shape)


STEPS = (
    "If there are no more different values than entries (torch.unique), they are the codebook, the last one repeated. "
    "Otherwise start with evenly spaced entries from the smallest to the largest weight and repeat, 100 times or until no entry "
    "moves: find the nearest entry of each weight; move each entry to the mean of its weights, and leave one that has none where it "
    "is. Assign the codes last."
)
MISTAKES = (
    Mistake("never moves an entry", lambda weight, bits: _kmeans(weight, bits, 0), _MEAN),
    Mistake("stops after one round", lambda weight, bits: _kmeans(weight, bits, 1), _MEAN),
    Mistake("assigns codes first", lambda weight, bits: (_kmeans(weight, bits)[0], _kmeans(weight, bits, 0)[1]), _NEAREST),
    Mistake("takes equal shares", _shares, _NEAREST),
    Mistake("means of no weights", _with(lambda entries, codes, weight: (_padded(entries, weight, np.nan, codes), codes)), _NAN),
    Mistake("bits entries", lambda weight, bits: (_even(weight, bits), _codes(weight, _even(weight, bits))), _SHAPE),
    Mistake("flat codes", _with(lambda entries, codes, weight: (entries, codes.ravel())), _SHAPE),
    Mistake("codes alone", _with(lambda entries, codes, weight: codes), _SHAPE),
    Mistake("from high to low", _with(lambda entries, codes, weight: (entries[::-1].copy(), len(entries) - 1 - codes)), _ORDER),
    Mistake("pads with zeros", _with(lambda entries, codes, weight: (_padded(entries, weight, 0.0), codes)), _BACK),
    Mistake("pads with NaN", _with(lambda entries, codes, weight: (_padded(entries, weight, np.nan), codes)), _NAN),
    Mistake("pads with a larger value", _with(lambda entries, codes, weight: (_padded(entries, weight, entries.max() + 1), codes)), _BACK),
    Mistake("never exact", lambda weight, bits: _kmeans(_stirred(weight, bits), bits), _BACK),
)


@exercise(quantization.kmeans_codebook, difficulty=3, minutes=20, core=False, judge=codebook("nearest"), mistakes=MISTAKES, steps=STEPS)
def kmeans_codebook(rng: Rng) -> Cases:
    """kmeans_codebook(weight, bits) -> (codebook, codes)."""

    def case(name: str, weight: Any, bits: int, wanted: tuple[str, ...], hints: Hints, weighs: float = 1, **more: Any) -> Case:
        return Case(name, (weight, bits), codebook(*wanted), weighs, hints, hints_for=_SPECIAL, **more)

    weight, means = normal(rng, 20, 25), "each entry is the mean of its weights"
    yield case("each weight has its nearest entry", weight, 3, ("nearest",), _NEAREST)
    yield case(means, weight, 3, ("means",), _MEAN, weighs=2)
    many = normal(rng, 40, 50).clamp(-3, 3)  # so many, and none alone, that all minima are about as deep
    yield case("the error is small", many, 3, ("loss",), _SMALL, weighs=2, basis=means)
    conv = normal(rng, 12, 8, 3, 3, scale=0.05).clamp(-0.12, 0.12)  # no entry is without a weight
    yield case("4 bits, a convolution", conv, 4, ("nearest", "means"), _MEAN, basis=means)
    apart = from_numpy(np.concatenate([rng.uniform(-2.0, -1.9, 44), rng.uniform(1.9, 2.0, 36)]).astype("f4"))
    yield case("entries without a weight", apart, 3, ("nearest", "means"), _NAN)
    middle = float(rng.uniform(0.3, 0.5))
    few = from_numpy(rng.permutation(np.repeat([-1.0, middle, middle + 0.01], 10)).astype("f4")).view(5, 6)
    yield case("fewer values than entries", few, 3, ("exact", "padded", "sorted", "repeated"), _BACK)
    yield case("equal weights", full((4, 5), float(rng.uniform(0.2, 0.3))), 2, ("exact",), _BACK, hints_on_error=True)
    yield case("the codebook is sorted", weight, 3, ("sorted",), _ORDER)
    yield case("codes are integers", weight, 3, ("integers",), _DTYPE)
    yield refuses("fewer weights than entries", (normal(rng, 2 ** int(integers(rng, 3, 5)) - 1), 5))
    yield takes_parameter(weight, 3, hints_for={"shape": _SHAPE})
    yield keeps_inputs(weight, 3)
