"""fits_flash_and_ram: what a program takes of a device, and which memory breaks first."""

from collections.abc import Callable, Mapping
from fractions import Fraction
from functools import partial
from typing import Any

from utils.exercises.kit import Case, Cases, Mistake, Rng, equal_to, exercise, keeps_inputs

Sizes = Mapping[str, int]


def memory(
    sizes: Sizes,
    device: Sizes,
    *,
    flash: tuple[str, ...] = ("text", "data"),
    ram: tuple[str, ...] = ("data", "bss", "stack"),
    worst: Callable[[dict[str, int], dict[str, Fraction]], str] = lambda over, share: max(share, key=lambda name: share[name]),
) -> dict[str, Any]:
    """By the definition of the sections; each keyword makes mistakes.

    flash, ram: the sections that each holds. worst: (bytes above each limit, needed / available) -> which breaks, if one does.
    """
    used = {"flash": sum(sizes[name] for name in flash), "ram": sum(sizes[name] for name in ram)}
    over = {name: used[name] - device[f"{name}_bytes"] for name in used}
    first = worst(over, {name: Fraction(used[name], device[f"{name}_bytes"]) for name in used})
    return {**used, "fits": over[first] <= 0, "breaks": first if over[first] > 0 else None, "excess": max(0, over[first])}


def _changed(change: Callable[[dict[str, Any], list[int]], dict[str, Any]]) -> Callable[..., dict[str, Any]]:
    """change: (right answer, bytes above each limit) -> what is different."""
    return lambda sizes, device: (
        (right := memory(sizes, device)) | change(right, [right[name] - device[f"{name}_bytes"] for name in ("flash", "ram")])
    )


def _calling_none(said: str) -> Callable[..., dict[str, Any]]:
    return _changed(lambda right, over: {"breaks": right["breaks"] or said})


_SECTIONS = (
    "Which sections are in flash, and which in RAM?",
    "flash: text and data (its first values are kept there). ram: data (it may change), bss and stack.",
)
_DATA = (
    "Variables that start with a value are in both memories: why?",
    "In RAM they change, and flash keeps the values that they start with: data counts in both.",
)
_WORST = ("Both are too large: which by the larger share?", "The largest needed / available breaks first, not the most bytes.")
_EQUAL = (
    "Both are exceeded by the same share. Which one does the docstring name?",
    '"flash": let RAM break only where its share is larger, >, not >=.',
)
_FITS = ("How many bytes are left here?", "None, and none are missing: what is equal to the limit fits.")
_ONE = ("By how many bytes?", "By one: it does not fit.")
_STACK = ("Where do the calls of functions keep their variables?", "On the stack, which is RAM.")
_ZEROS = ("What are the first values of bss?", "Zeros, which nobody stores: bss takes no flash.")
_NONE = ("Is a str in quotes the value None?", "It is not: None without quotes is asked for, and `is None` is not true of a str.")
_DICT = ("What is asked for?", 'A dict: {"flash": flash, "ram": ram, "fits": ..., "breaks": ..., "excess": ...}.')
_LEFT = ("What is the excess of a program that fits?", "0: max(0, ...), not the bytes that are left.")
_OF_ONE = ("Which bytes does excess count?", "Those above the limit of the one that breaks, and not of both.")
MISTAKES = (
    Mistake("data not in flash", partial(memory, flash=("text",)), _DATA),
    Mistake("data not in RAM", partial(memory, ram=("bss", "stack")), _DATA),
    Mistake("no stack", partial(memory, ram=("data", "bss")), _STACK),
    Mistake("bss in flash", partial(memory, flash=("text", "data", "bss")), _ZEROS),
    *(Mistake(f"{said} for None", _calling_none(said), _NONE) for said in ("none", "None", "")),
    Mistake("a tuple", lambda *given: tuple(memory(*given).values()), _DICT),
    Mistake("a negative excess", _changed(lambda right, over: {"excess": max(over) if right["fits"] else right["excess"]}), _LEFT),
    Mistake("flash first", partial(memory, worst=lambda over, _: "flash" if over["flash"] > 0 else "ram"), _WORST),
    Mistake(
        "the most bytes",
        partial(memory, worst=lambda over, _: max(over, key=lambda name: over[name])),
        _WORST,
        "both, the larger share has fewer bytes",
    ),
    Mistake(
        "RAM if equal",
        partial(memory, worst=lambda _, share: "ram" if share["ram"] >= share["flash"] else "flash"),
        _EQUAL,
        "both by the same share",
    ),
    Mistake("both together", _changed(lambda right, over: {"excess": sum(max(0, one) for one in over)}), _OF_ONE),
    Mistake("full does not fit", _changed(lambda right, over: {"fits": max(over) < 0}), _FITS, "full to the last byte"),
    Mistake(
        "a byte for free",
        _changed(lambda right, over: {"fits": True, "breaks": None, "excess": 0} if right["excess"] == 1 else {}),
        _ONE,
        "one byte too many",
    ),
)
STEPS = "Add up flash and ram; divide each by what the device has; the larger share decides; None and 0 where it is not above 1."


def _sizes(text: int, data: int, bss: int, stack: int) -> dict[str, int]:
    return {"text": text, "data": data, "bss": bss, "stack": stack}


@exercise(memory, points=2, difficulty=1, minutes=10, judge=equal_to(memory), mistakes=MISTAKES, rtol=0, steps=STEPS)
def fits_flash_and_ram(rng: Rng) -> Cases:
    """fits_flash_and_ram(sizes, device) -> dict with flash, ram, fits, breaks, excess."""

    def between(low: int, high: int) -> int:
        return int(rng.integers(low, high))

    board = {"flash_bytes": 32_768, "ram_bytes": 16_384}
    fitting = _sizes(between(9_000, 20_000), between(50, 400), between(3_000, 9_000), between(300, 900))
    yield Case("a program that fits", (fitting, board), weight=2, hints=_SECTIONS)
    for name, sizes in (("flash", (between(40_000, 60_000), 128, 4_000, 512)), ("RAM", (20_000, 96, between(17_000, 40_000), 512))):
        breaks = ("Which memory breaks here, and by how much?", f'breaks is "{name.lower()}", excess the bytes above its limit.')
        yield Case(f"too large for {name}", (_sizes(*sizes), board), hints=breaks)
    by_ram = "both, RAM by the larger share"
    both = _sizes(between(50_000, 60_000), 64, between(50_000, 60_000), 512)  # 1.5 to 1.8 times the flash, above 3 times the RAM
    yield Case(by_ram, (both, board), hints=_WORST)
    other = _sizes(between(98_000, 99_000), 64, between(20_000, 30_000), 512)
    yield Case("both, flash by the larger share", (other, board), hints=_WORST)
    few = _sizes(between(131_000, 140_000), 0, between(3_200, 3_300), 100), {"flash_bytes": 65_536, "ram_bytes": 1_024}
    yield Case("both, the larger share has fewer bytes", few, hints=_WORST, basis=by_ram)
    twice, data, stack = between(20_000, 30_000), between(50, 400), between(100, 500)
    equal = _sizes(2 * twice - data, data, twice - data - stack, stack)
    yield Case("both by the same share", (equal, board), hints=_EQUAL, basis=by_ram)
    yield Case("full to the last byte", (_sizes(32_700, 68, 16_316 - stack, stack), board), hints=_FITS)
    yield Case("one byte too many", (_sizes(32_701, 68, 5_000, stack), board), hints=_ONE)
    yield Case("data alone breaks RAM", (_sizes(2_000, between(17_000, 20_000), 0, 0), board), hints=_DATA)
    yield keeps_inputs(_sizes(between(900, 2_000), 10, 20, 30), dict(board))
