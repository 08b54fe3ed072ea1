"""A .titan file as a network again: every size is checked, and the work is bounded by the size of the file."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable
from functools import partial
from pathlib import Path

import torch
from torch import Tensor, nn

from utils.compress.coding.decisions import Decisions
from utils.compress.titan.architecture import MAX_WIDTH, build, check_shapes
from utils.compress.titan.byte_stream import ByteReader, TitanError
from utils.compress.titan.tensor_codings import (
    HALF,
    INTEGERS,
    RAW,
    SHARED,
    decode_half,
    decode_integer_weight,
    decode_raw,
    decode_shared,
)
from utils.compress.titan.titan_net import TitanNet, weighted

MAGIC, VERSION = b"\x89TTN", 1
HEADER = len(MAGIC) + 1 + 4
MAX_FILE_BYTES = 8 << 20
Decoder = Callable[[bytes, tuple[int, ...]], Tensor]  # (payload, shape) -> values


def read_titan(path: str | Path) -> TitanNet:
    """The network in a .titan file, in evaluation mode: the same to the last bit on every computer.

    Every size is checked before anything is allocated; nothing in the file is executed.

    Raises:
        FileNotFoundError: no such file.
        TitanError: not a .titan file, another version, damaged or hostile.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"no .titan file at {path}")
    with path.open("rb") as file:
        data = file.read(MAX_FILE_BYTES + 1)
    try:
        return decode_titan(data)
    except TitanError as error:
        raise TitanError(f"{path} can't be read ({error}): get it again, or compress the network again") from error


def decode_titan(data: bytes) -> TitanNet:
    """The network in the bytes of a .titan file.

    Raises:
        TitanError: not a .titan file, another version, damaged or hostile.
    """
    if len(data) > MAX_FILE_BYTES:
        raise TitanError(f"it has more than {MAX_FILE_BYTES} bytes")
    if data[: len(MAGIC)] != MAGIC or len(data) < HEADER:
        raise TitanError("it is not a .titan file")
    if data[len(MAGIC)] != VERSION:
        raise TitanError(f"its version is {data[len(MAGIC)]} where this course reads version {VERSION}")
    body = data[HEADER:]
    if struct.unpack("<I", data[HEADER - 4 : HEADER])[0] != zlib.crc32(body):
        raise TitanError("its checksum is wrong: the file is damaged")
    try:
        return _network(ByteReader(body), len(data))
    except TitanError:
        raise
    except ValueError as error:  # of a coding: its own sentence
        raise TitanError(str(error)) from error


def _network(reader: ByteReader, size: int) -> TitanNet:
    rank = reader.unsigned(3)
    input_shape = tuple(reader.positive(MAX_WIDTH) for _ in range(rank))
    net = build(reader)
    check_shapes(net, input_shape)
    integers = partial(decode_integer_weight, decisions=Decisions.of_bytes(size))
    decoders: dict[int, Decoder] = {RAW: decode_raw, HALF: decode_half, SHARED: decode_shared, INTEGERS: integers}
    for layer, part in weighted(net):
        number = reader.unsigned()
        if number not in decoders:
            raise TitanError(f"tensors of coding {number} are not known to version {VERSION}")
        payload = reader.take(reader.unsigned())
        values = decoders[number](payload, tuple(getattr(layer, part).shape))
        if not torch.isfinite(values).all():
            raise TitanError("a weight is not finite")
        setattr(layer, part, nn.Parameter(values))
    reader.end("the last tensor")
    net.input_shape, net.size_bytes = input_shape, size
    return net
