"""energy_per_inference_mj: the energy of computing and of moving data."""

from collections.abc import Callable, Mapping

from utils import measure
from utils.exercises.draws import between, decimal
from utils.exercises.kit import Case, Cases, Mistake, Rng, close_to, exercise, refuses

Counts = Mapping[str, float]


def millijoules(macs: float, bytes_moved: Counts, table: Counts) -> float:
    """In joules first: a picojoule is 1e-12 of one."""
    joules = macs * table["mac"] * 1e-12
    for place, count in bytes_moved.items():
        joules += count * table[place] * 1e-12
    return joules * 1e3


def _with(moved: Callable[[Counts, Counts], Counts]) -> Callable[[float, Counts, Counts], float]:
    return lambda macs, bytes_moved, table: millijoules(macs, moved(bytes_moved, table), table)


_UNITS = ("How many picojoules are a millijoule?", "A picojoule is 1e-12 J, a millijoule 1e-3 J: divide by 1e9.")
_FLOATS = ("Are these floats or bytes?", "The dict counts bytes already: no factor of four.")
_PLACES = ("Does a byte cost the same everywhere?", "Multiply each place's bytes by that place's energy, then add.")
_MOVED = ("What does moving data cost?", "Add the energy of the bytes of each place to the energy of the MACs.")
_MACS = ("What does one MAC cost, and how many are there?", "macs * table['mac'] picojoules, counted once; divide by 1e9.")
_BYTES = ("What does one byte cost, and how many are moved?", "bytes * table[place] picojoules for each place; divide by 1e9.")
_BITS = ("Are these bits or bytes?", "The dict counts bytes already, and the table has the energy of one byte: no factor of eight.")
MISTAKES = (
    Mistake("in microjoules", lambda *given: 1000 * millijoules(*given), _UNITS),
    Mistake("in joules", lambda *given: millijoules(*given) / 1000, _UNITS),
    Mistake("counts floats", _with(lambda moved, table: {place: 4 * count for place, count in moved.items()}), _FLOATS),
    Mistake("counts bits", _with(lambda moved, table: {place: 8 * count for place, count in moved.items()}), _BITS),
    Mistake("forgets the memory", _with(lambda moved, table: {}), _MOVED),
    Mistake("one price for all bytes", _with(lambda moved, table: {list(table)[-1]: sum(moved.values())} if moved else {}), _PLACES),
    Mistake("forgets the MACs", lambda macs, moved, table: millijoules(0, moved, table), _MOVED),
)
JUDGE = close_to(millijoules, rtol=1e-6, atol=1e-15)
STEPS = (
    "Begin with macs * table['mac']. For each place, refuse it if the table does not have it, else add its bytes times table[place]. "
    "Convert from picojoules to millijoules at the end."
)


@exercise(measure.energy_mj, difficulty=2, judge=JUDGE, mistakes=MISTAKES, steps=STEPS)
def energy_per_inference_mj(rng: Rng) -> Cases:
    """energy_per_inference_mj(macs, bytes_moved, table) -> float."""
    table = {"mac": decimal(rng, 3, 6), "sram": decimal(rng, 10, 15), "dram": decimal(rng, 200, 300)}
    yield Case("arithmetic only", (between(rng, 1_000_000, 9_000_000), {}, table), hints=_MACS)
    yield Case("memory only", (0, {"sram": between(rng, 10_000, 90_000)}, table), hints=_BYTES)
    both = {"sram": between(rng, 100_000, 200_000), "dram": between(rng, 10_000, 90_000)}
    yield Case("arithmetic and two places", (between(rng, 100_000, 900_000), both, table), weight=2, hints=_PLACES)
    first, second, third = rng.permutation(["flash", "tcm", "cache", "l2", "psram", "nvram"]).tolist()[:3]
    named = {"mac": decimal(rng, 0.2, 0.5), first: decimal(rng, 20, 40), second: decimal(rng, 1, 2), third: decimal(rng, 5, 9)}
    moved = {second: between(rng, 1000, 5000), first: between(rng, 1000, 5000)}
    yield Case("places by other names", (between(rng, 10_000, 90_000), moved, named), hints=_PLACES, hints_on_error=True)
    yield Case("nothing to do, nothing to pay", (0, {"sram": 0}, table), hints=_UNITS)
    known = ("What does a byte from an unknown place cost?", "Nobody knows, so do not count it as free: raise ValueError.")
    yield refuses("a place that the table lacks", (between(rng, 100, 2000), {third: between(rng, 100, 900)}, table), hints=known)
