"""IMA ADPCM (1992): four bits a sample, each the step from a prediction; how the corpus of spoken digits is stored.

Every block of 1,024 samples begins with its first sample and a step index, so that all blocks are decoded side by side.
"""

from __future__ import annotations

import numpy as np

BLOCK = 1024  # samples
STEPS = np.fromstring(  # IMA's table: each step is about 1.1 times the one before
    "7 8 9 10 11 12 13 14 16 17 19 21 23 25 28 31 34 37 41 45 50 55 60 66 73 80 88 97 107 118 130 143 157 173 190 209 230 253 279 307 "
    "337 371 408 449 494 544 598 658 724 796 876 963 1060 1166 1282 1411 1552 1707 1878 2066 2272 2499 2749 3024 3327 3660 4026 4428 "
    "4871 5358 5894 6484 7132 7845 8630 9493 10442 11487 12635 13899 15289 16818 18500 20350 22385 24623 27086 29794 32767",
    dtype=np.int32,
    sep=" ",
)
CHANGES = np.array([-1, -1, -1, -1, 2, 4, 6, 8] * 2, dtype=np.int32)  # of the step index, by code


def _decoded(codes: np.ndarray, predicted: np.ndarray, index: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """One sample of each block: what its code says, and the next step index."""
    step = STEPS[index]
    change = (step >> 3) + ((codes & 1) > 0) * (step >> 2) + ((codes & 2) > 0) * (step >> 1) + ((codes & 4) > 0) * step
    sample = np.clip(predicted + np.where(codes & 8, -change, change), -32768, 32767)
    return sample, np.clip(index + CHANGES[codes], 0, len(STEPS) - 1)


def decode(codes: np.ndarray, firsts: np.ndarray, indices: np.ndarray) -> np.ndarray:
    """The samples, (blocks * 1024,) int16, of what `encode` returns.

    Raises:
        ValueError: arrays that don't fit each other, or a step index that the table lacks.
    """
    blocks = len(firsts)
    if codes.shape != (blocks, BLOCK // 2) or indices.shape != (blocks,) or (blocks and indices.max() >= len(STEPS)):
        raise ValueError(f"ADPCM of {blocks} blocks needs codes ({blocks}, {BLOCK // 2}) and as many indices, got {codes.shape}")
    nibbles = np.stack([codes & 15, codes >> 4], 2).reshape(blocks, BLOCK).T.astype(np.int32)
    samples, predicted, index = np.empty((BLOCK, blocks), dtype=np.int16), firsts.astype(np.int32), indices.astype(np.int32)
    for at in range(BLOCK):
        predicted, index = _decoded(nibbles[at], predicted, index)
        samples[at] = predicted
    return samples.T.reshape(-1)


def encode(samples: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Codes (blocks, 512) uint8, two samples a byte; first sample (blocks,) int16 and step index (blocks,) uint8 of each block.

    samples: (n,) int16; zeros fill the last block.

    Raises:
        ValueError: samples of another shape or type, or none.
    """
    if samples.ndim != 1 or samples.dtype != np.int16 or not len(samples):
        raise ValueError(f"ADPCM takes int16 samples (n,), at least one, got {samples.dtype} of shape {samples.shape}")
    padded = np.concatenate([samples, np.zeros(-len(samples) % BLOCK, np.int16)]).astype(np.int32).reshape(-1, BLOCK)
    firsts = padded[:, 0].astype(np.int16)
    indices = np.searchsorted(STEPS, np.abs(np.diff(padded[:, :32])).mean(1)).clip(0, len(STEPS) - 1).astype(np.uint8)
    codes, predicted, index = np.empty(padded.shape, np.uint8), padded[:, 0].copy(), indices.astype(np.int32)
    for at in range(BLOCK):
        change, step = padded[:, at] - predicted, STEPS[index]
        size = np.minimum(4 * np.abs(change) // step, 7)
        code = (size + np.where(change < 0, 8, 0)).astype(np.int32)
        predicted, index = _decoded(code, predicted, index)
        codes[:, at] = code
    return codes[:, ::2] | (codes[:, 1::2] << 4), firsts, indices
