"""preprocess: photos as a camera gives them -> images as a network was trained on."""

from collections.abc import Callable, Sequence
from itertools import product
from typing import Any

import numpy as np
import torch
from torch import Tensor, from_numpy, tensor, uint8

from utils.exercises.kit import Case, Cases, Mistake, Rng, Verdict, close_to, describe, difference, exercise, keeps_inputs, refuses

Values = Sequence[float]
_STEPS = ("Compute one number by hand, from one pixel. Where does yours part from it?", "(p / 255 - mean) / std, with the axes moved.")
_AXES = ("How many axes has one photo, and how many a gray one?", "Four, like many and in color: squeeze() removes those of length 1.")
_BYTES = ("What is 255 in the photo, and what is the mean in?", "The mean is of brightness from 0 to 1: divide the photo by 255, once.")
_TWICE = ("How bright is white after your division?", "1 / 255: the photo is divided by 255 twice.")
_WHITE = ("How bright is white, 255?", "1: divide by 255, not by 256.")
_INTEGERS = ("What is 128 // 255?", "0: divide with /, which gives floats.")
_WHOSE = ("Whose mean and std are these?", "Not those of the photos: the arguments hold those of the training images.")
_RANGE = ("Which range did the network see in training?", "Numbers around 0: subtract the mean and divide by std.")
_SCALE = ("What is the scale of your numbers?", "Divide by std at the end.")
_ORDER = ("In which order are mean and std used?", "First subtract the mean, then divide by std.")
_UPRIGHT = ("Is the picture upright?", "Rows stay before columns: permute(0, 3, 1, 2).")
_LAST = ("Where are the channels?", "Last, as the camera gives them; a network wants them after n: permute(0, 3, 1, 2).")
_NEGATIVE = ("What is 50 - 73 in uint8?", "233: it has no negative numbers. Convert to floats first.")
_CHANNELS = (
    "Which axis do mean and std belong to?",
    "The channels, axis 1 after permute: give both the shape (c, 1, 1), or they run along the columns.",
)
_RESHAPED = (
    "Draw the first row of your picture: is it one?",
    "reshape and view keep the order in memory and cut it into other rows; permute(0, 3, 1, 2) moves the axis.",
)
_GAPS = (
    "This tensor is a part of a larger one, with gaps in memory.",
    "view wants numbers without gaps between them: use permute, and contiguous() at the end.",
)
_NONE = ("What is the result for no photo?", "A tensor of shape (0, c, h, w): no loop, no stack, no division by n.")
_DIVIDED = ("Is 1 black or white in these photos?", "Floats were divided by 255 already: raise ValueError unless the dtype is torch.uint8.")
_COUNTS = ("How many channels has the photo, and how many means and stds are there?", "Compare both counts with photos.shape[3].")
_FLOAT32 = ("Which dtype does the runtime's file want?", "float32: a float64 tensor, as numpy makes it, is refused.")
_STRIDES = (
    "permute moves no number: it only says how to walk through them.",
    "Call contiguous(): a browser or a C program reads the memory in its own order.",
)


def prepared(photos: np.ndarray, mean: Values, std: Values) -> np.ndarray:
    """The oracle, number by number in double precision. photos: (n, h, w, c) -> (n, c, h, w)."""
    n, height, width, channels = photos.shape
    result = np.empty((n, channels, height, width))
    for image, row, column, channel in product(range(n), range(height), range(width), range(channels)):
        result[image, channel, row, column] = (int(photos[image, row, column, channel]) / 255 - mean[channel]) / std[channel]
    return result


def lies_in_memory(answer: Any, inputs: tuple[Any, ...]) -> Verdict:
    """For the probe `as_it_lies`: float32, in the order of the shape (n, c, h, w); about "dtype", or "strides" for another order."""
    wanted = prepared(*inputs).ravel()
    expected = f"float32, in memory {describe(wanted)}"
    if type(answer) is not dict or set(answer) != {"memory", "dtype"} or type(answer["memory"]) is not np.ndarray:
        return Verdict(False, expected, describe(answer["answer"] if type(answer) is dict and "answer" in answer else answer))
    if answer["dtype"] != "torch.float32":
        return Verdict(False, expected, f"a tensor of {str(answer['dtype'])[:30]}", "dtype")
    memory = answer["memory"]
    fault = difference(memory, wanted, 1e-4, 1e-5)
    about = "strides" if fault and difference(np.sort(memory), np.sort(wanted), 1e-4, 1e-5) is None else ""
    return Verdict(fault is None, expected, f"in memory {describe(memory)}" if about else fault or expected, about)


def _row(values: Values) -> np.ndarray:
    return np.array(values)[:, None, None]


def _moved(photos: np.ndarray) -> np.ndarray:
    return np.moveaxis(photos.astype(float), 3, 1)


def _cut(values: np.ndarray) -> np.ndarray:
    """(n, h, w, c) cut into (n, c, h, w), as reshape does it."""
    n, height, width, channels = values.shape
    return values.reshape(n, channels, height, width)


def _standardized(values: np.ndarray) -> np.ndarray:
    """By a mean and a standard deviation of its own."""
    return (values - values.mean()) / values.std(ddof=1) if values.size > 1 else values


def _along_columns(photos: np.ndarray, mean: Values, std: Values) -> np.ndarray:
    return (_moved(photos) / 255 - np.array(mean)) / np.array(std) if len(mean) in (1, photos.shape[2]) else np.zeros(0)


def _with(brightness: Callable[[np.ndarray], np.ndarray]) -> Callable[..., Any]:
    """brightness: of the bytes, the channels moved; then mean and std as they should be."""
    return lambda photos, mean, std: (brightness(_moved(photos)) - _row(mean)) / _row(std)


STEPS = (
    "Refuse; permute to (n, c, h, w); convert to floats; divide by 255; give mean and std the shape (c, 1, 1), which belongs "
    "to axis 1; subtract the mean and divide by std; make the result contiguous."
)
MISTAKES = (
    Mistake("keeps the bytes", _with(lambda photos: photos), _BYTES),
    Mistake("divides twice", _with(lambda photos: photos / 255**2), _TWICE),
    Mistake("divides by 256", _with(lambda photos: photos / 256), _WHITE),
    Mistake("divides integers", _with(lambda photos: photos // 255), _INTEGERS),
    Mistake("its own mean and std", lambda p, *_: _standardized(_moved(p)), _WHOSE),
    Mistake("only scales", lambda p, *_: _moved(p) / 255, _RANGE),
    Mistake("forgets std", lambda p, mean, std: _moved(p) / 255 - _row(mean), _SCALE),
    Mistake("std first", lambda p, mean, std: _moved(p) / 255 / _row(std) - _row(mean), _ORDER),
    Mistake("reshapes", lambda p, mean, std: (_cut(p) / 255 - _row(mean)) / _row(std), _RESHAPED),
    Mistake("reshapes at the end", lambda p, *x: _cut(np.moveaxis(prepared(p, *x), 1, 3)), _RESHAPED),
    Mistake("columns before rows", lambda *x: prepared(*x).swapaxes(2, 3), _UPRIGHT),
    Mistake("channels last", lambda *x: np.moveaxis(prepared(*x), 1, 3), _LAST),
    Mistake("along the columns", _along_columns, _CHANNELS),
    Mistake("one mean for all", lambda p, mean, std: (_moved(p) / 255 - mean[0]) / std[0], _CHANNELS),
    Mistake("centers in bytes", lambda p, mean, std: (_moved(p) - np.rint(_row(mean) * 255)) % 256 / 255 / _row(std), _NEGATIVE),
    Mistake("drops axes", lambda *x: prepared(*x).squeeze(), _AXES, "gray photos; a single photo; black and white"),
)


def torch_photos(photos: Tensor, mean: Values, std: Values) -> Tensor:
    """`preprocess` by torchvision."""
    from torchvision.transforms import functional as transform

    if photos.dtype != torch.uint8 or not len(mean) == len(std) == photos.shape[3]:
        raise ValueError("need uint8 photos, and one mean and one std for each channel")
    moved = transform.convert_image_dtype(photos.permute(0, 3, 1, 2), torch.float32)
    return transform.normalize(moved, list(mean), list(std)).contiguous()


@exercise(torch_photos, points=3, minutes=10, judge=close_to(prepared, atol=1e-5), mistakes=MISTAKES, steps=STEPS)
def preprocess(rng: Rng) -> Cases:
    """preprocess(photos, mean, std) -> (n, c, h, w) float32 tensor."""

    def shot(n: int, height: int, width: int, channels: int) -> Tensor:
        return from_numpy(rng.integers(0, 256, (n, height, width, channels), dtype=np.uint8))

    def of(channels: int) -> tuple[list[float], list[float]]:
        """Means and stds, no two alike."""
        means, stds = rng.uniform(0.2, 0.3, channels) + 0.11 * np.arange(channels), rng.uniform(0.2, 0.4, channels)
        return means.round(3).tolist(), stds.round(3).tolist()

    yield Case("gray photos", (shot(2, 3, 4, 1), *of(1)), weight=2, hints=_STEPS)
    yield Case("color photos", (shot(2, 4, 5, 3), *of(3)), weight=2, hints=_CHANNELS, hints_on_error=True)
    yield Case("three rows, three columns, three channels", (shot(2, 3, 3, 3), *of(3)), hints=_CHANNELS)
    yield Case("a single photo", (shot(1, 3, 4, 1), *of(1)), hints=_AXES)
    yield Case("a part of a larger photo", (shot(2, 8, 9, 3)[:, 2:5, 3:7], *of(3)), hints=_GAPS, hints_on_error=True)
    ends = tensor(rng.permutation([0, 255, 255, 0, 1, 254]), dtype=uint8).view(1, 3, 2, 1)
    yield Case("black and white", (ends, *of(1)), hints=_BYTES)
    yield Case("no photo", (shot(0, 3, 4, 3), *of(3)), hints=_NONE, hints_on_error=True)
    special = {"dtype": _FLOAT32, "strides": _STRIDES}
    whole = (shot(2, 3, 4, 3), *of(3))
    yield Case("float32, one number after another", whole, lies_in_memory, probe="as_it_lies", hints=_STRIDES, hints_for=special)
    yield refuses("photos in float", (shot(2, 3, 4, 1) / 255, *of(1)), hints=_DIVIDED)
    yield refuses("photos of int8", ((shot(2, 3, 4, 1) // 2).to(torch.int8), *of(1)), hints=_DIVIDED)
    many, few = of(4), of(1)
    for name, mean, std in (
        ("the mean and std of a gray photo for colors", *few),
        ("one mean for three channels", few[0], of(3)[1]),
        ("one std for three channels", of(3)[0], few[1]),
        ("two means and four stds for three channels", many[0][:2], many[1]),
        ("four for three channels", *many),
    ):
        yield refuses(name, (shot(2, 3, 4, 3), mean, std), hints=_COUNTS)
    yield keeps_inputs(shot(2, 3, 4, 3), *of(3), name="leaves the photos as they were")
