"""Search for an architecture under a budget of RAM, file bytes and MACs, with weights that all candidates share."""

from utils.compress.search.budget import Budget, Counts, counts
from utils.compress.search.evaluators import PoolError
from utils.compress.search.evolution import Candidate, SearchConfig, SearchResult, random_search, search
from utils.compress.search.file_size import int8_file_bytes
from utils.compress.search.front import pareto_front
from utils.compress.search.records import (
    RecordedSearch,
    TrainedCandidate,
    drawn_candidates,
    rank_correlation,
    recorded_budget,
    recorded_searches,
)
from utils.compress.search.sandwich import sandwich, supernet_of
from utils.compress.search.schedule import best_schedule, peak_memory_of_schedule
from utils.compress.search.shared_weights import SharedWeights, recalibrated
from utils.compress.search.space import Space, Stage
from utils.compress.search.variation import crossover, mutate
from utils.models.chain import Architecture, Block

__all__ = [
    "Architecture",
    "Block",
    "Budget",
    "Candidate",
    "Counts",
    "PoolError",
    "RecordedSearch",
    "SearchConfig",
    "SearchResult",
    "SharedWeights",
    "Space",
    "Stage",
    "TrainedCandidate",
    "best_schedule",
    "counts",
    "crossover",
    "drawn_candidates",
    "int8_file_bytes",
    "mutate",
    "pareto_front",
    "peak_memory_of_schedule",
    "random_search",
    "rank_correlation",
    "recalibrated",
    "recorded_budget",
    "recorded_searches",
    "sandwich",
    "search",
    "supernet_of",
]
