"""duty_cycle: how long a battery lasts if a device sleeps most of the time."""

from collections.abc import Callable

from utils import measure
from utils.exercises.kit import Case, Cases, Mistake, Rng, close_to, exercise, refuses

Values = tuple[float, float, float, float, float, float]


def lasts(
    active_mw: float, sleep_mw: float, active_ms: float, period_ms: float, battery_mah: float, battery_volts: float
) -> dict[str, float]:
    """The oracle: the energy of one period in microjoules, then how many periods the battery's energy pays for."""
    period_uj = active_mw * active_ms + sleep_mw * (period_ms - active_ms)
    stored_uj = battery_mah * battery_volts * 3600 * 1000
    days = stored_uj / period_uj * period_ms / 1000 / 3600 / 24
    return {"duty": active_ms / period_ms, "mean_mw": period_uj / period_ms, "days": days}


def _drawing(power: Callable[[float, float, float], float], beyond: bool = False) -> Callable[..., dict[str, float]]:
    """power: (active_mw, sleep_mw, duty) -> another mean power. beyond: whether the time awake comes on top of the period."""

    def made(active_mw: float, sleep_mw: float, active_ms: float, period_ms: float, mah: float, volts: float) -> dict[str, float]:
        duty = active_ms / (period_ms + beyond * active_ms)
        mean = power(active_mw, sleep_mw, duty)
        return {"duty": duty, "mean_mw": mean, "days": mah * volts / mean / 24}

    return made


def _days(by: float) -> Callable[..., dict[str, float]]:
    return lambda *given: lasts(*given) | {"days": by * lasts(*given)["days"]}


_MEAN = ("What does the device draw in each part of a period?", "duty * active_mw + (1 - duty) * sleep_mw, on average.")
_SLEEP = ("Is sleep free?", "It is not, and it takes most of the time: add (1 - duty) * sleep_mw.")
_INSTEAD = ("Does the device sleep while it is awake?", "No: active_mw replaces sleep_mw for that time, so sleep counts 1 - duty.")
_HALF = ("Are both parts of a period equally long?", "Weigh each power by its share of time.")
_UNIT = ("How many hours has a day?", "mAh times volts are mWh: divided by mW they give hours, and 24 hours are a day.")
_VOLTS = ("Is mAh an energy?", "Only times volts: mAh * V = mWh.")
_DUTY = ("Is 1 % the number 1?", "As a share it is 0.01: active_ms / period_ms.")
_PERIOD = ("Does a period begin when the device falls asleep?", "No: period_ms includes the time awake, so duty = active_ms / period_ms.")
_LONG = ("Can a device be awake for 12 of 10 ms?", "No: it would miss its next period. Raise ValueError.")
_NOTHING = ("How long does a battery last that nobody uses?", "Not a number that anyone can use: raise ValueError for a mean power of 0.")
MISTAKES = (
    Mistake("sleep is free", _drawing(lambda active, sleep, duty: duty * active), _SLEEP),
    Mistake("active on top of sleep", _drawing(lambda active, sleep, duty: sleep + duty * active), _INSTEAD),
    Mistake("the mean of both", _drawing(lambda active, sleep, duty: (active + sleep) / 2), _HALF),
    Mistake("shares turned round", _drawing(lambda active, sleep, duty: (1 - duty) * active + duty * sleep), _MEAN),
    Mistake("always awake", _drawing(lambda active, sleep, duty: active), _MEAN),
    Mistake("awake on top of the period", _drawing(lambda active, sleep, duty: duty * active + (1 - duty) * sleep, beyond=True), _PERIOD),
    Mistake("hours", _days(24), _UNIT),
    Mistake("without volts", lambda *x: lasts(*x) | {"days": lasts(*x)["days"] / x[5]}, _VOLTS),
    Mistake("duty in percent", lambda *x: lasts(*x) | {"duty": 100 * lasts(*x)["duty"]}, _DUTY),
)
STEPS = "Refuse; duty = active_ms / period_ms; mean_mw = duty * active_mw + (1 - duty) * sleep_mw; days = mAh * volts / mean_mw / 24."


@exercise(
    measure.duty_cycle, points=2, difficulty=1, minutes=10, core=False, judge=close_to(lasts, rtol=1e-6), mistakes=MISTAKES, steps=STEPS
)
def duty_cycle(rng: Rng) -> Cases:
    """duty_cycle(active_mw, sleep_mw, active_ms, period_ms, battery_mah, battery_volts) -> dict of three floats."""

    def drawn(duty: float, sleep_mw: float | None = None) -> Values:
        period = float(rng.integers(200, 2000))
        sleep = float(rng.uniform(0.002, 0.1)) if sleep_mw is None else sleep_mw
        return float(rng.uniform(5, 30)), sleep, duty * period, period, float(rng.integers(100, 400)), float(rng.uniform(2.5, 4.2))

    yield Case("awake for one percent", drawn(0.01), weight=2, hints=_MEAN)
    yield Case("awake for a third", drawn(1 / 3), hints=_INSTEAD)
    yield Case("a sleep that is not cheap", drawn(0.02, float(rng.uniform(2, 4))), hints=_SLEEP)
    yield Case("a sleep that costs nothing", drawn(0.05, 0.0), hints=_MEAN)
    yield Case("never awake", drawn(0.0), hints=_SLEEP, hints_on_error=True)
    active, sleep, _, period, mah, volts = drawn(0.1)
    yield Case("awake all the time", (active, sleep, period, period, mah, volts), hints=_LONG, hints_on_error=True)
    yield refuses("awake for longer than a period", (active, sleep, 1.2 * period, period, mah, volts), hints=_LONG)
    yield refuses("no power at all", (active, 0.0, 0.0, period, mah, volts), hints=_NOTHING)
    yield refuses("a negative power", (-active, sleep, 0.1 * period, period, mah, volts), weight=0.5)
    yield refuses("a period of 0", (active, sleep, 0.0, 0.0, mah, volts), weight=0.5)
    yield refuses("an empty battery", (active, sleep, 0.1 * period, period, 0.0, volts), weight=0.5)
