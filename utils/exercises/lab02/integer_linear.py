"""integer_linear: a linear layer in integers."""

from collections.abc import Callable
from typing import Any

from torch import Tensor, from_numpy, full, int8, int32, tensor, uint8
from torch.nn.functional import linear

from utils.exercises.draws import integers
from utils.exercises.kit import Case, Cases, Mistake, Rng, equal_to, exercise, has_dtype, keeps_inputs, takes_nothing, without_floats
from utils.exercises.lab02.oracles import accumulators

JUDGE = equal_to(accumulators)
_SUMS = ("What is one number of the output?", "The sum over the inputs of q_x times q_w, plus the bias: q_x @ q_w.T + q_b.")
_MEET = (
    "Which shapes and which dtypes meet there?",
    "q_w is (out, in): q_x @ q_w.T. Both sides of @ need one dtype: .to(torch.int32) first.",
)
_WIDE = ("What is 100 * 100 in int8?", "16: it wraps around. Convert to int32 before you multiply.")
_POINT = ("Which value has the code x_zero_point?", "0.0: subtract it from q_x before you multiply. The weights' zero point is 0.")
_BELOW = ("What is 3 - 128 in uint8?", "131: it has no negative numbers. Convert to int32 before you subtract.")
_EXACT = ("This sum is larger than 2**24 = 16777216.", "float32 holds no odd numbers beyond it: add up in int32, also the bias.")
_ROWS = ("What is the shape of your result?", "(n, out): a row for each sample.")
_BIAS = ("What is missing is the same in every row.", "Add q_b: one number for each output.")
_ONE = ("What is the shape of your result?", "(n, out), also if both are 1.")
_KEEP_TO = "Keep to .to(torch.int32), @, sum() and +: torch.zeros and / give floats."


def _summed(sums: str, inputs: str = "i8") -> Callable[..., Any]:
    """In these dtypes: the sums with the bias, and the inputs without their zero point."""
    return lambda q_x, q_w, q_b, point: (
        ((q_x.astype("i8") - point).astype(inputs).astype("i8") @ q_w.astype("i8").T).astype(sums)
        + q_b.astype("f4" if sums == "f4" else "i4")
    )


STEPS = "Leave the small dtypes first; subtract; multiply and add up (`@` works on integers); add the bias."
MISTAKES = (
    Mistake("transposed", lambda *x: accumulators(*x).T, _ROWS),
    Mistake("leaves the bias out", lambda q_x, q_w, q_b, point: accumulators(q_x, q_w, 0 * q_b, point), _BIAS),
    Mistake("leaves the zero point out", lambda q_x, q_w, q_b, _: accumulators(q_x, q_w, q_b, 0), _POINT),
    Mistake("subtracts it from the weights", lambda q_x, q_w, q_b, point: accumulators(q_x, q_w.astype(int) - point, q_b, 0), _POINT),
    Mistake("subtracts it once", lambda q_x, q_w, q_b, point: accumulators(q_x, q_w, q_b, 0) - point, _POINT),
    Mistake("subtracts in uint8", lambda q_x, q_w, q_b, point: accumulators((q_x - point).astype("u1"), q_w, q_b, 0), _BELOW),
    Mistake("multiplies in int8", _summed("i1", "i1"), _WIDE),
    Mistake("adds up in int16", _summed("i2"), _WIDE),
    Mistake("adds up in float32", _summed("f4"), _EXACT),
    Mistake("squeezes", lambda *x: accumulators(*x).squeeze(), _ONE),
)


def torch_linear(q_x: Tensor, q_w: Tensor, q_b: Tensor, x_zero_point: int) -> Tensor:
    """torch's linear layer counts in the dtype that it is given."""
    return linear(q_x.to(int32) - x_zero_point, q_w.to(int32), q_b.to(int32))


def _parity(q_x: Tensor, q_w: Tensor, q_b: Tensor, x_zero_point: int) -> Tensor:
    """The bias, changed by one where the accumulator of the first input would be even: float32 has no odd numbers up there."""
    odd = accumulators(q_x.numpy()[:1], q_w.numpy(), q_b.numpy(), x_zero_point)[0] % 2
    return q_b + (1 - from_numpy(odd)).to(int32)


@exercise(torch_linear, points=3, difficulty=2, judge=JUDGE, mistakes=MISTAKES, rtol=0, steps=STEPS)
def integer_linear(rng: Rng) -> Cases:
    """integer_linear(q_x, q_w, q_b, x_zero_point) -> (n, out) integer tensor."""

    def layer(n: int, inputs: int, out: int, x: tuple[int, int], w: tuple[int, int]) -> tuple[Tensor, Tensor, Tensor]:
        q_x, q_w = from_numpy(integers(rng, *x, n, inputs)).to(uint8), from_numpy(integers(rng, *w, out, inputs)).to(int8)
        return q_x, q_w, from_numpy(integers(rng, 5, 9, out)).to(int32)

    meet, small = {"error": _MEET}, (*layer(3, 5, 4, (0, 3), (-3, 3)), 0)
    yield Case("products and their sum", small, weight=2, hints=_SUMS, hints_for=meet)
    products, shifted = "products beyond int8", "subtracts the zero point"
    yield Case(products, (*layer(4, 40, 6, (60, 255), (40, 127)), 0), weight=2, hints=_WIDE, hints_for=meet)
    yield Case(shifted, (*layer(3, 5, 4, (10, 13), (-3, 3)), 10), hints=_POINT, hints_for=meet)
    yield Case("codes below the zero point", (*layer(3, 5, 4, (124, 127), (-3, 3)), 128), hints=_BELOW, basis=shifted)
    q_x, q_w, q_b = layer(2, 900, 3, (250, 255), (120, 127))
    yield Case("sums beyond 2**24", (q_x, q_w, _parity(q_x, q_w, q_b, 0), 0), hints=_EXACT, basis=products)
    ends = tensor([0, 2_000_000_001, -2_000_000_001], dtype=int32) + 2 * int(integers(rng, 0, 40_000))
    extremes = full((2, 4), 255, dtype=uint8), full((3, 4), -128, dtype=int8), ends, 0
    yield Case("the most extreme codes", extremes, hints=_EXACT, basis=products)
    yield Case("one input, one output", (*layer(1, 1, 1, (1, 5), (1, 5)), 0), hints=_ONE, hints_on_error=True)
    yield takes_nothing("no samples", *layer(0, 5, 4, (0, 3), (-3, 3)), 0)
    yield has_dtype(JUDGE, "integers", ("i", "u"), *small, name="integers come out")
    q_x, q_w, q_b = layer(3, 5, 4, (0, 3), (-3, 3))
    odd = (q_x, q_w, _parity(q_x, q_w, q_b + 2**24 + 100, 0), 0)
    yield without_floats(JUDGE, _KEEP_TO, *odd, hints_for=meet)
    yield keeps_inputs(*layer(3, 6, 4, (10, 13), (-3, 3)), 10, basis=shifted)
