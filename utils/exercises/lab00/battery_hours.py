"""battery_hours: how long a battery lasts."""

from utils import measure
from utils.exercises.draws import between, decimal
from utils.exercises.kit import Case, Cases, Mistake, Rng, close_to, exercise, refuses


def hours(capacity_mah: float, volts: float, energy_mj: float, rate_hz: float, idle_mw: float) -> float:
    """In joules and watts."""
    stored_j = capacity_mah / 1000 * 3600 * volts
    return stored_j / (idle_mw / 1000 + energy_mj / 1000 * rate_hz) / 3600


_STORED = ("How much energy is in a battery of 200 mAh at 3.7 V?", "200 * 3.7 = 740 mWh; hours are mWh / mW.")
_IDLE = ("What is drawn between two inferences?", "The idle power, all the time: add it to energy times rate.")
_POWER = ("What are millijoules times inferences per second?", "Milliwatts: mJ / s = mW. Add the idle power.")
_HOURS = ("Are these hours?", "mWh / mW are hours already: no 3600.")
_BRACKETS = ("What is divided by what?", "The energy by the whole power, both of its parts: put brackets around the sum.")
MISTAKES = (
    Mistake("forgets the volts", lambda mah, volts, *rest: hours(mah, 1.0, *rest), _STORED),
    Mistake("forgets the idle power", lambda mah, volts, mj, hz, idle: hours(mah, volts, mj, hz, 0.0 if mj * hz else 1.0), _IDLE),
    Mistake("in days", lambda *given: hours(*given) / 24, ("Are these hours?", "mWh / mW are hours already: no 24.")),
    Mistake("divides by the first only", lambda mah, volts, mj, hz, idle: mah * volts / mj * hz + idle, _BRACKETS),
    Mistake("in seconds", lambda *given: hours(*given) * 3600, _HOURS),
    Mistake("divides by the rate", lambda mah, volts, mj, hz, idle: hours(mah, volts, mj, 1 / hz if hz else 1e9, idle), _POWER),
    Mistake("forgets the rate", lambda mah, volts, mj, hz, idle: hours(mah, volts, mj, 1, idle), _POWER),
)
JUDGE = close_to(hours, rtol=1e-6)
STEPS = (
    "Refuse a battery without capacity or voltage. Energy in mWh: capacity times volts. Power in mW: idle power plus energy times "
    "rate. Divide the first by the second."
)


@exercise(measure.battery_hours, points=2, difficulty=2, minutes=5, core=False, judge=JUDGE, mistakes=MISTAKES, steps=STEPS)
def battery_hours(rng: Rng) -> Cases:
    """battery_hours(capacity_mah, volts, energy_mj, rate_hz, idle_mw) -> float."""

    def battery() -> tuple[int, float, float]:
        return between(rng, 100, 900), decimal(rng, 2.5, 4.2), decimal(rng, 1, 9)

    yield Case("idle and busy", (*battery(), between(rng, 2, 9), decimal(rng, 5, 20, 1)), weight=2, hints=_POWER)
    yield Case("idle only", (*battery(), 0, decimal(rng, 2, 9, 1)), hints=_STORED, hints_on_error=True)
    yield Case("busy only", (*battery(), between(rng, 2, 9), 0.0), hints=_POWER)
    yield Case("less than once a second", (*battery(), 1 / between(rng, 5, 90), decimal(rng, 0.3, 0.8)), hints=_POWER)
    mah, volts, mj = battery()
    rest = (mj, between(rng, 1, 5), decimal(rng, 1, 5))
    yield refuses("a capacity of 0", (0, volts, *rest), weight=0.5)
    yield refuses("a capacity below 0", (-mah, volts, *rest), weight=0.5)
    yield refuses("a voltage of 0", (mah, 0, *rest), weight=0.5)
    yield refuses("a battery that is put in wrongly", (mah, -volts, *rest), weight=0.5)
    yield refuses("both below 0", (-mah, -volts, *rest), weight=0.5)
