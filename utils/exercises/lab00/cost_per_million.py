"""cost_per_million: the cloud cost of a million inferences."""

from utils import measure
from utils.exercises.draws import between, decimal
from utils.exercises.kit import Case, Cases, Mistake, Rng, close_to, exercise, refuses


def cloud_cost(latency_s: float, price_per_hour: float, cores: int) -> float:
    """By how many inferences an hour the whole machine does."""
    an_hour = cores * 3600 / latency_s
    return price_per_hour * 1_000_000 / an_hour


_HOUR = ("How many hours do a million inferences take?", "1e6 * latency_s / 3600.")
_ALL = ("Who pays for the other cores?", "The price is for all cores and each of them works: divide by cores.")
_PRICE = ("What does one hour cost?", "price_per_hour, for the whole machine: hours times price.")
MISTAKES = (
    Mistake("uses one core", lambda latency, price, cores: cloud_cost(latency, price, 1), _ALL),
    Mistake("pays for each core", lambda latency, price, cores: cloud_cost(latency, price, 1) * cores, _ALL),
    Mistake("takes seconds for milliseconds", lambda *given: cloud_cost(*given) / 1000, _HOUR),
    Mistake("an hour of sixty seconds", lambda *given: cloud_cost(*given) * 60, _HOUR),
    Mistake("leaves the price out", lambda latency, price, cores: cloud_cost(latency, 1.0, cores), _PRICE),
    Mistake("divides by the price", lambda latency, price, cores: cloud_cost(latency, 1.0, cores) / price, _PRICE),
    Mistake("the cost of one inference", lambda *given: cloud_cost(*given) / 1e6, _HOUR),
)
JUDGE = close_to(cloud_cost, rtol=1e-6, atol=1e-12)
STEPS = (
    "Refuse a machine without cores. Seconds of one core for a million inferences; divide by 3600 for hours, "
    "multiply by the price, divide by the cores."
)


@exercise(measure.cost_per_million, points=2, minutes=5, judge=JUDGE, mistakes=MISTAKES, steps=STEPS)
def cost_per_million(rng: Rng) -> Cases:
    """cost_per_million(latency_s, price_per_hour, cores) -> float."""
    yield Case("one core", (decimal(rng, 0.001, 0.1, 4), decimal(rng, 0.04, 0.09, 3), 1), hints=_HOUR)
    yield Case("several cores share the price", (decimal(rng, 0.001, 0.1, 4), decimal(rng, 0.2, 0.9), between(rng, 4, 16)), hints=_ALL)
    yield Case("a tenth of a millisecond", (decimal(rng, 0.0001, 0.0002, 6), decimal(rng, 0.1, 0.9), between(rng, 2, 3)), hints=_HOUR)
    yield refuses("a machine without cores", (decimal(rng, 0.01, 0.1), decimal(rng, 0.04, 0.09), 0))
