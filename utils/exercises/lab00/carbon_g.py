"""carbon_g: the grams of CO2e of a number of inferences."""

from utils import measure
from utils.exercises.draws import between, decimal
from utils.exercises.kit import Case, Cases, Mistake, Rng, close_to, exercise


def grams(energy_mj: float, count: float, grid_g_per_kwh: float) -> float:
    """In joules, then kilowatt-hours of 1,000 W times 3,600 s."""
    return energy_mj / 1000 * count / (1000 * 3600) * grid_g_per_kwh


_KWH = ("How many joules are a kilowatt-hour?", "1000 W for 3600 s: 3.6e6 J, which is 3.6e9 mJ.")
_JOULES = ("In which unit is the energy given?", "In millijoules: a thousandth of a joule.")
_COUNT = ("For how many inferences?", "For count of them: multiply.")
_GRID = ("What is done with the carbon intensity?", "It is grams for each kilowatt-hour: multiply.")
MISTAKES = (
    Mistake("takes millijoules for joules", lambda mj, count, grid: grams(1000 * mj, count, grid), _JOULES),
    Mistake("forgets the count", lambda mj, count, grid: grams(mj, 1, grid), _COUNT),
    Mistake("divides by the intensity", lambda mj, count, grid: grams(mj, count, 1) / grid, _GRID),
    Mistake("forgets the intensity", lambda mj, count, grid: grams(mj, count, 1), _GRID),
    Mistake("forgets the seconds of an hour", lambda *given: grams(*given) * 3600, _KWH),
    Mistake("whole millijoules", lambda mj, count, grid: grams(int(mj * count), 1, grid), ("Is anything rounded?", "Nothing: no int().")),
)
JUDGE = close_to(grams, rtol=1e-6, atol=1e-15)
STEPS = "Energy of all inferences in millijoules; divide by 3.6e9 for kilowatt-hours; multiply by the carbon intensity."


@exercise(measure.carbon_g, points=1, minutes=5, core=False, judge=JUDGE, mistakes=MISTAKES, steps=STEPS)
def carbon_g(rng: Rng) -> Cases:
    """carbon_g(energy_mj, count, grid_g_per_kwh) -> float."""
    yield Case("a million inferences", (decimal(rng, 1, 9), 1_000_000, between(rng, 300, 700)), weight=2, hints=_KWH)
    yield Case("a year of a billion phones", (decimal(rng, 1, 9), 365e9, decimal(rng, 300, 700, 1)), hints=_KWH)
    yield Case("a few inferences", (decimal(rng, 0.2, 0.9, 3), 3, between(rng, 300, 700)), hints=_KWH)
    yield Case("a clean grid", (decimal(rng, 1, 9), 1_000_000_000, between(rng, 20, 60)), hints=_GRID)
    yield Case("none at all", (decimal(rng, 1, 9), 0, between(rng, 300, 700)), hints=_GRID)
