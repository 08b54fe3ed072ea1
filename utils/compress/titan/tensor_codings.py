"""The four ways in which a .titan file holds a tensor. Each is a payload of its own; all that decoding needs is in it."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from utils.compress.coding.decisions import Decisions
from utils.compress.coding.huffman import HuffmanCode
from utils.compress.coding.integer_matrix import decode_integers, encode_integers
from utils.compress.coding.relative_index import positions, relative_indices
from utils.compress.quantization.codebook import kmeans_codebook
from utils.compress.titan.byte_stream import ByteReader, TitanError, framed, signed, unsigned
from utils.models.codes import Codes
from utils.models.steps import MAX_EXPONENT, exponent_of, step_of

RAW, HALF, SHARED, INTEGERS = range(4)
NAMES = {RAW: "float32", HALF: "float16", SHARED: "shared values, Huffman codes", INTEGERS: "integers, range coder"}
ONE_EXPONENT, ROW_EXPONENTS, ROW_FLOATS = range(3)
MAX_SYMBOLS = 1 << 16
LENGTH_BITS = 5


def encode_raw(tensor: Tensor) -> bytes:
    """float32, little-endian."""
    return tensor.detach().contiguous().numpy().astype("<f4").tobytes()


def decode_raw(data: bytes, shape: tuple[int, ...]) -> Tensor:
    """The inverse of `encode_raw`.

    Raises:
        TitanError: another number of bytes.
    """
    return _floats(data, shape, "<f4")


def encode_half(tensor: Tensor) -> bytes:
    """float16, little-endian: each value is rounded to 11 bits.

    Raises:
        ValueError: a value beyond float16's range.
    """
    if tensor.numel() and not tensor.detach().abs().max() <= 65504:
        raise ValueError("a value is not finite or larger than 65504 in magnitude: store this tensor as float32")
    return tensor.detach().contiguous().numpy().astype("<f2").tobytes()


def decode_half(data: bytes, shape: tuple[int, ...]) -> Tensor:
    """The inverse of `encode_half`, as float32.

    Raises:
        TitanError: another number of bytes.
    """
    return _floats(data, shape, "<f2")


def _floats(data: bytes, shape: tuple[int, ...], kind: str) -> Tensor:
    expected = int(np.prod(shape)) * np.dtype(kind).itemsize
    if len(data) != expected:
        raise TitanError(f"a tensor has {len(data)} bytes where {expected} are needed")
    return torch.from_numpy(np.frombuffer(data, kind).astype(np.float32)).view(shape)


def encode_integer_weight(codes: Codes) -> bytes:
    """Steps, then the integers by a range coder. A step that is a power of 2^(1/8) takes a byte or two.

    Raises:
        ValueError: what `encode_integers` refuses.
    """
    rows = codes.values.movedim(codes.axis, 0).flatten(1) if codes.values.ndim > 1 else codes.values[:, None]
    scale = codes.scale.numpy()
    with np.errstate(divide="ignore", invalid="ignore"):
        positive = bool((scale > 0).all() and np.isfinite(scale).all())
    exponents = exponent_of(scale) if positive else np.zeros(len(scale), dtype=np.int64)
    if not positive or not np.array_equal(step_of(exponents), scale):
        steps = unsigned(ROW_FLOATS) + scale.astype("<f4").tobytes()
    elif (exponents == exponents[0]).all():
        steps = unsigned(ONE_EXPONENT) + signed(int(exponents[0]))
    else:
        usual = int(np.median(exponents))
        steps = unsigned(ROW_EXPONENTS) + signed(usual) + framed(encode_integers((exponents - usual)[:, None]))
    return steps + encode_integers(rows.numpy().astype(np.int64))


def decode_integer_weight(data: bytes, shape: tuple[int, ...], decisions: Decisions | None = None) -> Tensor:
    """Integers times steps: one product of float32 for each weight, the same on every computer.

    decisions: how many have been read of the same file, and how many may be.

    Raises:
        ValueError: data that no encoder of ours has written.
    """
    reader, rows = ByteReader(data), shape[0]
    how = reader.unsigned(ROW_FLOATS)
    if how == ROW_FLOATS:
        steps = np.frombuffer(reader.take(4 * rows), "<f4").astype(np.float32)
    else:
        exponents = np.full(rows, reader.signed(MAX_EXPONENT + 1), dtype=np.int64)
        if how == ROW_EXPONENTS:
            exponents += decode_integers(reader.take(reader.unsigned()), rows, 1, decisions)[:, 0]
        steps = step_of(exponents)
    columns = int(np.prod(shape[1:]))
    values = decode_integers(reader.rest(), rows, columns, decisions)
    return Codes(torch.from_numpy(values.reshape(shape)), torch.from_numpy(steps), 16).values_as_float()


def encode_shared(weight: Tensor, bits: int, index_bits: int) -> bytes:
    """Deep Compression's way (Han et al., 2016): the weights that are not zero share 2^bits values, found by k-means.

    Positions are relative indices of `index_bits`; these and the values' numbers are Huffman coded.

    Raises:
        ValueError: bits outside 1..16 or values that are not finite.
    """
    flat = weight.detach().flatten().float()
    mask = flat != 0
    kept = flat[mask]
    payload = unsigned(int(mask.sum()))
    if not len(kept):
        return payload
    if len(kept.unique()) > 1 << bits:
        book, codes = kmeans_codebook(kept, bits)
        kept = book[codes.long()]
    values, numbers = kept.unique(return_inverse=True)
    payload += framed(encode_half(values)) + _coded(numbers.numpy(), len(values))
    return payload + unsigned(index_bits) + _coded(relative_indices(mask.numpy(), index_bits), 1 << index_bits)


def decode_shared(data: bytes, shape: tuple[int, ...]) -> Tensor:
    """The inverse of `encode_shared`, float32.

    Raises:
        ValueError: data that no encoder of ours has written.
    """
    size = int(np.prod(shape))
    reader, weight = ByteReader(data), np.zeros(size, dtype=np.float32)
    if count := reader.unsigned(size):
        stored = reader.take(reader.unsigned(2 * MAX_SYMBOLS))
        book = decode_half(stored, (len(stored) // 2,)).numpy()
        numbers = _decoded(reader, len(book), count)
        index_bits = reader.unsigned(16)
        if not index_bits:
            raise TitanError("an index has no bits")
        at = positions(_decoded(reader, 1 << index_bits, 2 * size), index_bits, size)
        if len(at) != count or not np.isfinite(book).all():
            raise TitanError(f"{len(at)} positions are not {count} weights, or a value is not finite")
        weight[at] = book[numbers]
    reader.end("the indices")
    return torch.from_numpy(weight).view(shape)


def _coded(symbols: np.ndarray, size: int) -> bytes:
    """How many symbols, the lengths of the code words (five bits each), then the code words."""
    code = HuffmanCode.of_counts(np.bincount(symbols, minlength=size))
    lengths = (code.lengths[:, None] >> np.arange(LENGTH_BITS)[::-1] & 1).astype(np.uint8)
    return unsigned(len(symbols)) + np.packbits(lengths).tobytes() + framed(code.encode(symbols))


def _decoded(reader: ByteReader, size: int, most: int) -> np.ndarray:
    count = reader.unsigned(most)
    stored = np.frombuffer(reader.take(-(-size * LENGTH_BITS // 8)), np.uint8)
    bits = np.unpackbits(stored, count=size * LENGTH_BITS).reshape(size, LENGTH_BITS).astype(np.int64)
    return HuffmanCode(bits @ (1 << np.arange(LENGTH_BITS)[::-1])).decode(reader.take(reader.unsigned()), count)
