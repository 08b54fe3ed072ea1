"""A network as a .titan file: as few bytes as it takes, with all that decoding needs. docs/titan-format.md describes it."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import torch
from torch import Tensor, nn

from utils.compress.batch_norms import fold
from utils.compress.titan import tensor_codings as coding
from utils.compress.titan.architecture import MAX_PARAMETERS, MAX_WIDTH, build, check_shapes, describe
from utils.compress.titan.byte_stream import ByteReader, TitanError, framed, unsigned
from utils.compress.titan.dead_units import silence_dead_units_
from utils.compress.titan.layer_chain import chain_of
from utils.compress.titan.reading import HEADER, MAGIC, VERSION, decode_titan
from utils.compress.titan.titan_net import TitanNet, weighted
from utils.files import write_atomically
from utils.models import Codes


@dataclass(frozen=True)
class TitanConfig:
    """How tensors without codes are stored.

    bits: the weights of a layer share 2^bits values. index_bits: of the distance from one weight to the next.
    half: biases take 16 bits each, otherwise 32. input_shape: of one input, without the batch.

    Raises:
        ValueError: bits out of range, or a shape that is not one.
    """

    bits: int = 5
    index_bits: int = 5
    half: bool = True
    input_shape: tuple[int, ...] = (1, 28, 28)

    def __post_init__(self) -> None:
        if not 1 <= self.bits <= 12 or not 1 <= self.index_bits <= 12:
            raise ValueError(f"bits and index_bits must lie in 1..12, got {self.bits} and {self.index_bits}: 5 is usual")
        if not 1 <= len(self.input_shape) <= 3 or not all(type(size) is int and 0 < size <= MAX_WIDTH for size in self.input_shape):
            raise ValueError(f"input_shape must be one to three positive integers, got {self.input_shape}: (1, 28, 28) for an image")


@dataclass(frozen=True)
class Titan:
    """A compressed network: `data` is the file, byte for byte.

    parts: where its bytes are: "header", "layers", and each tensor by its name.
    """

    data: bytes = field(repr=False)
    parts: dict[str, int]

    @property
    def size_bytes(self) -> int:
        """Bytes of the file."""
        return len(self.data)

    def write(self, path: str | Path) -> int:
        """Write the file, at once or not at all; return its size in bytes."""
        write_atomically(Path(path), self.data)
        return len(self.data)

    def model(self) -> TitanNet:
        """The network that a reader gets from the file."""
        return decode_titan(self.data)


def compress_to_titan(model: nn.Module, config: TitanConfig | None = None, codes: Mapping[str, Codes] | None = None) -> Titan:
    """Compress a trained network; the model is left as it was.

    Batch norms are folded, and weights that can't change an answer are left out. A tensor with codes (of `train_for_rate` or
    `freeze_`) is stored as integers by a range coder, without loss. Any other weight is stored by shared values, relative
    indices and Huffman codes, which pays for weights that are mostly zeros; any other bias is stored in 16 bits.

    codes: parameter's name -> its integers and steps.

    >>> network = nn.Sequential(nn.Flatten(), nn.Linear(784, 10))
    >>> titan = compress_to_titan(network, TitanConfig(bits=2))
    >>> titan.size_bytes < 4000, titan.model()(torch.zeros(1, 1, 28, 28)).shape
    (True, torch.Size([1, 10]))

    Raises:
        ValueError: a network that a file can't describe, too large or not for inputs of this shape; values that are not finite
            float32; codes that are not the parameter's own.
    """
    config, codes, folded = config or TitanConfig(), dict(codes or {}), fold(model)
    chain = chain_of(folded)
    _check(model, folded, chain, config, codes)
    silence_dead_units_(chain)  # of the copy
    names = {id(parameter): name for name, parameter in folded.named_parameters()}
    layers = describe(chain)
    inputs = unsigned(len(config.input_shape)) + b"".join(map(unsigned, config.input_shape))
    parts, body = {"header": HEADER + len(inputs), "layers": len(layers)}, inputs + layers
    for layer, part in weighted(chain):
        name = names[id(getattr(layer, part))]
        tensor, known = getattr(layer, part).detach(), codes.get(name)
        known = replace(known, values=known.values.masked_fill(tensor == 0, 0)) if known else None
        record = _record(tensor, known, config)
        parts[name] = len(record)
        body += record
    data = MAGIC + bytes([VERSION]) + struct.pack("<I", zlib.crc32(body)) + body
    decode_titan(data)  # what can't be read is not given out
    return Titan(data, parts)


def _check(model: nn.Module, folded: nn.Module, chain: nn.Sequential, config: TitanConfig, codes: dict[str, Codes]) -> None:
    """Refuse what a file can't hold, in a sentence about the model."""
    parameters = dict(folded.named_parameters())
    if (count := sum(parameter.numel() for parameter in parameters.values())) > MAX_PARAMETERS or not parameters:
        raise ValueError(f"{type(model).__name__} has {count} parameters: a .titan file holds 1 to {MAX_PARAMETERS}")
    for name, parameter in parameters.items():
        if parameter.dtype != torch.float32 or not torch.isfinite(parameter).all():
            raise ValueError(f"{name} is not finite float32 ({parameter.dtype}): call model.float(), or train again")
    for name, one in codes.items():
        if name not in parameters or one.axis or not torch.equal(one.values_as_float(), parameters[name]):
            raise ValueError(f"the codes of {name!r} do not give its weights: take both from one model, and train without batch norms")
    try:
        meta = build(ByteReader(describe(chain)))
        check_shapes(meta, config.input_shape)
    except TitanError as error:
        raise ValueError(f"{type(model).__name__} can't be compressed for inputs of {config.input_shape}: {error}") from error


def _record(tensor: Tensor, codes: Codes | None, config: TitanConfig) -> bytes:
    """A tensor in the file: the number of its coding, the length of its payload, the payload."""
    if codes is not None:
        return unsigned(coding.INTEGERS) + framed(coding.encode_integer_weight(codes))
    if tensor.ndim > 1:
        return unsigned(coding.SHARED) + framed(coding.encode_shared(tensor, config.bits, config.index_bits))
    if config.half:
        return unsigned(coding.HALF) + framed(coding.encode_half(tensor))
    return unsigned(coding.RAW) + framed(coding.encode_raw(tensor))
