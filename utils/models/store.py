"""Checkpoints that can be trusted: safetensors with the configuration inside, written atomically.

A tensor that is mostly zeros is stored as a bit mask and its non-zero values, without loss, when
that is smaller. So the file of a pruned network is small for the reason that it should be: what
was removed is not there. A weight that was rounded is stored as its codes, in as many bits as they
have, and its scales. The same model gives the same bytes.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.torch import load as from_bytes
from safetensors.torch import save as to_bytes
from torch import Tensor, nn

from utils.files import write_atomically
from utils.models.chain import Architecture, ChainNet
from utils.models.codes import Codes, pack_codes, packed_bytes, unpack_codes
from utils.models.lenet import LeNet, LeNetConfig, Perceptron, PerceptronConfig
from utils.models.micro import MicroConfig, MicroNet
from utils.models.motion import MotionConfig, MotionNet
from utils.models.residual import ResidualConfig, ResidualNet
from utils.models.supernet import Supernet, SupernetConfig

ARCHITECTURES: dict[str, tuple[Any, Any]] = {
    "ResidualNet": (ResidualNet, ResidualConfig),
    "MicroNet": (MicroNet, MicroConfig),
    "MotionNet": (MotionNet, MotionConfig),
    "ChainNet": (ChainNet, Architecture),
    "Supernet": (Supernet, SupernetConfig),
    "Perceptron": (Perceptron, PerceptronConfig),
    "LeNet": (LeNet, LeNetConfig),
}
_MASK, _VALUES = "#mask", "#values"
_CODES, _SCALE = "#codes", "#scale"
_BITS = {1: torch.int8, 2: torch.int16, 4: torch.int32, 8: torch.int64}  # whole numbers of a float's size


def pack_tensors(tensors: dict[str, Tensor]) -> tuple[dict[str, Tensor], dict[str, list[int]]]:
    """Replace sparse tensors by a bit mask (uint8) and values; return the rest and the packed shapes.

    What is left out is zero in every bit: -0.0 is a value.

    Raises:
        ValueError: a name with "#", which marks the packed parts.
    """
    packed: dict[str, Tensor] = {}
    shapes: dict[str, list[int]] = {}
    for name, tensor in tensors.items():
        if "#" in name:
            raise ValueError(f"{name!r} can't be packed: give the tensor a name without #")
        packed[name] = tensor = tensor.detach().cpu().contiguous()
        if not tensor.is_floating_point():
            continue
        kept = tensor.view(_BITS[tensor.element_size()]) != 0
        needed = -(-tensor.numel() // 8) + int(kept.sum()) * tensor.element_size()
        if needed < tensor.numel() * tensor.element_size():
            del packed[name]
            packed[name + _MASK] = torch.from_numpy(np.packbits(kept.numpy().ravel()))
            packed[name + _VALUES] = tensor[kept]
            shapes[name] = list(tensor.shape)
    return packed, shapes


def unpack_tensors(packed: dict[str, Tensor], shapes: dict[str, list[int]]) -> dict[str, Tensor]:
    """The inverse of `pack_tensors`, bit for bit."""
    tensors = {name: tensor for name, tensor in packed.items() if not name.endswith((_MASK, _VALUES))}
    for name, shape in shapes.items():
        values = packed[name + _VALUES]
        tensors[name] = torch.zeros(shape, dtype=values.dtype).masked_scatter_(_kept(packed[name + _MASK], shape), values)
    return tensors


def _kept(mask: Tensor, shape: list[int]) -> Tensor:
    return torch.from_numpy(np.unpackbits(mask.numpy(), count=math.prod(shape)).astype(bool)).view(shape)


def save_model(model: nn.Module, path: str | Path, codes: Mapping[str, Codes] | None = None) -> int:
    """Write weights and configuration to one .safetensors file; return its size in bytes.

    codes: parameter's name -> the whole numbers that it is made of, stored in its place.

    Raises:
        ValueError: a model whose configuration is not known here, or whose tensors are not those of a fresh one
            (half precision, masks of `torch.nn.utils.prune`); codes that are not the parameter's own, of more than 16
            bits, or of a parameter with a single axis.
    """
    codes = dict(codes or {})
    name = type(model).__name__
    if name not in ARCHITECTURES:
        raise ValueError(f"{name} can't be stored: use one of {', '.join(ARCHITECTURES)} or add it to ARCHITECTURES")
    config, state = cast("Any", model).config, model.state_dict()
    fresh = _fresh(name, config)
    if strange := sorted(key for key in fresh.keys() | state.keys() if _kind(fresh.get(key)) != _kind(state.get(key))):
        raise ValueError(
            f"this {name} differs from a fresh one in {strange[0]} ({_kind(state.get(strange[0]))}): "
            "make masks permanent with torch.nn.utils.prune.remove and convert to float32 with model.float() before saving"
        )
    if foreign := sorted(key for key, one in codes.items() if key not in state or not torch.equal(one.values_as_float(), state[key])):
        raise ValueError(f"the codes of {foreign[0]!r} do not give its weights: take both from one model and change neither in between")
    tensors, shapes = pack_tensors({key: tensor for key, tensor in state.items() if key not in codes})
    for key, one in codes.items():
        tensors[key + _CODES], tensors[key + _SCALE] = pack_codes(one), one.scale.contiguous()
    metadata = {"architecture": name, "config": json.dumps(config.to_dict()), "packed": json.dumps(shapes)}
    bits = {key: one.bits for key, one in codes.items()}
    axes = {key: one.axis for key, one in codes.items() if one.axis}
    if codes:
        metadata["bits"] = json.dumps(bits)
    if axes:
        metadata["axes"] = json.dumps(axes)
    _check(fresh, tensors, shapes, bits, axes)  # or a file that can't be read would take the place of one that can
    data = _ordered(to_bytes(tensors, metadata))
    write_atomically(Path(path), data)
    return len(data)


def _ordered(data: bytes) -> bytes:
    """The same file with its metadata sorted: safetensors writes them in another order each time. The length stays."""
    end = 8 + int.from_bytes(data[:8], "little")
    header = json.loads(data[8:end])
    header["__metadata__"] = dict(sorted(header["__metadata__"].items()))
    return data[:8] + json.dumps(header, separators=(",", ":"), ensure_ascii=False).encode().ljust(end - 8) + data[end:]


def load_model(path: str | Path) -> nn.Module:
    """Read a file made by `save_model`; the model comes back in evaluation mode.

    Nothing is unpacked before the file is known to hold just the tensors of its configuration, so a
    small file can't ask for much memory.

    Raises:
        FileNotFoundError: no such file.
        ValueError: not a checkpoint of ours, or a damaged one.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"no checkpoint at {path}")
    try:
        data = path.read_bytes()  # the library opens no file whose name is not UTF-8
        tensors = from_bytes(data)
        metadata = json.loads(data[8 : 8 + int.from_bytes(data[:8], "little")]).get("__metadata__", {})
        kind, config_kind = ARCHITECTURES[metadata["architecture"]]
        config, shapes = config_kind.from_dict(json.loads(metadata["config"])), json.loads(metadata["packed"])
        bits, axes = (json.loads(metadata.get(key, "{}")) for key in ("bits", "axes"))
        fresh = _fresh(metadata["architecture"], config)
        _check(fresh, tensors, shapes, bits, axes)
        coded = {
            key: unpack_codes(tensors.pop(key + _CODES), tensors.pop(key + _SCALE), bits[key], list(fresh[key].shape), axes.get(key, 0))
            for key in bits
        }
        model = kind(config)
        model.load_state_dict(unpack_tensors(tensors, shapes) | {key: one.values_as_float() for key, one in coded.items()})
    except (SafetensorError, AttributeError, KeyError, OverflowError, RuntimeError, TypeError, ValueError) as error:
        raise ValueError(f"{path} is not a whole checkpoint of this project ({type(error).__name__}: {error})") from error
    return model.eval()


def _fresh(architecture: str, config: Any) -> dict[str, Tensor]:
    """The state of a new model, its tensors without memory."""
    with torch.device("meta"):
        return ARCHITECTURES[architecture][0](config).state_dict()


def _kind(tensor: Tensor | None) -> str:
    return "missing" if tensor is None else f"{str(tensor.dtype).removeprefix('torch.')} {tuple(tensor.shape)}"


def _kind_of_coded(weight: Tensor, bits: int, axis: int, scale: bool) -> str:
    return f"float32 {(weight.shape[axis],)}" if scale else f"uint8 {(packed_bytes(weight.numel(), bits),)}"


def _check(
    fresh: dict[str, Tensor], tensors: dict[str, Tensor], shapes: dict[str, list[int]], bits: dict[str, int], axes: dict[str, int]
) -> None:
    """Raise ValueError unless the tensors of a file, packed, coded or not, are those of a fresh model."""
    kinds = {name: (_MASK, _VALUES) if name in shapes else (_CODES, _SCALE) if name in bits else ("",) for name in fresh}
    parts = {name + part: name for name, suffixes in kinds.items() for part in suffixes}
    if strange := sorted((parts.keys() ^ tensors.keys()) | ((shapes.keys() | bits.keys()) - fresh.keys()) | (axes.keys() - bits.keys())):
        raise ValueError(f"{strange[0]} is missing or too much")
    for part, name in parts.items():
        expected, found = fresh[name], tensors[part]
        if name in bits:
            axis = axes.get(name, 0)
            good = (
                type(bits[name]) is int and 1 <= bits[name] <= 16 and expected.ndim > 1 and type(axis) is int and 0 <= axis < expected.ndim
            )
            good = good and _kind(found) == _kind_of_coded(expected, bits[name], axis, part.endswith(_SCALE))
        elif name not in shapes:
            good = _kind(found) == _kind(expected)
        elif part.endswith(_MASK):
            good = shapes[name] == list(expected.shape) and found.dtype == torch.uint8 and found.shape == (-(-expected.numel() // 8),)
        else:
            good = found.dtype == expected.dtype and found.shape == (int(_kept(tensors[name + _MASK], shapes[name]).sum()),)
        if not good:
            raise ValueError(f"{part} is {_kind(found)} where {name} should be {_kind(expected)}")
