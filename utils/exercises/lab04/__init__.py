"""Lab 04, the compression pipeline: `check` for the notebook, `lab` (its exercises) for a grader."""

from utils.exercises import lab_attributes

__getattr__ = lab_attributes(
    __name__,
    "fold_batchnorm",
    "low_rank",
    "relative_indices",
    "huffman_code",
    "pack",
    "unpack",
    "code_length",
    "entropy_bits",
    "rank_for_energy",
    "range_encode",
)
