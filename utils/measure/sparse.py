"""When does a sparse matrix pay? One matrix times one vector, CSR against dense, on this machine."""

from __future__ import annotations

import warnings
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from utils.measure.latency import Ratio, latency

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class _Product:
    """A matrix as something to time; the batch is the vector, the rest of `Runnable` is not needed here."""

    name: str
    matrix: object

    def run(self, batch: np.ndarray) -> np.ndarray:
        import torch

        return (self.matrix @ torch.from_numpy(batch[0])).numpy()  # type: ignore[operator]


def _csr(dense: Tensor) -> Tensor:
    import torch

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # "beta": said once a process by torch, of no use in a notebook
        csr = dense.to_sparse_csr()
        return torch.sparse_csr_tensor(csr.crow_indices().int(), csr.col_indices().int(), csr.values(), csr.shape)


def csr_speedup(size: int, sparsities: Iterable[float], *, budget_s: float = 3.0, seed: int = 0) -> dict[float, Ratio]:
    """How many times faster a size x size matrix times a vector is in CSR than dense, for each share of zeros.

    Positions are 32-bit integers. A ratio below 1 means that the sparse format is slower.

    Raises:
        ValueError: a size below 1 or a sparsity outside [0, 1).
    """
    import torch

    levels = list(sparsities)
    if size < 1 or not all(0 <= level < 1 for level in levels):
        raise ValueError(f"need a size of at least 1 and sparsities in [0, 1), got {size} and {levels}")
    generator = torch.Generator().manual_seed(seed)
    dense = torch.randn(size, size, generator=generator)
    zeros = torch.rand(size, size, generator=generator)
    contestants = {"dense": _Product("dense", dense)}
    for level in levels:
        contestants[str(level)] = _Product(str(level), _csr(dense.masked_fill(zeros < level, 0.0)))
    vector = np.random.default_rng(seed).normal(size=(1, size, 1)).astype(np.float32)
    timings = latency(contestants, vector, budget_s=budget_s)  # type: ignore[arg-type]
    return {level: timings.ratio("dense", str(level)) for level in levels}
