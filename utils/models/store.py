"""Checkpoints that can be trusted: safetensors with the configuration inside, written atomically.

A tensor that is mostly zeros is stored as a bit mask and its non-zero values, without loss, when
that is smaller. So the file of a pruned network is small for the reason that it should be: what
was removed is not there.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import cast

import numpy as np
import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save as to_bytes
from torch import Tensor, nn

from utils.files import write_atomically
from utils.models.residual import ResidualConfig, ResidualNet

ARCHITECTURES = {"ResidualNet": (ResidualNet, ResidualConfig)}
_MASK, _VALUES = "#mask", "#values"


def pack_tensors(tensors: dict[str, Tensor]) -> tuple[dict[str, Tensor], dict[str, list[int]]]:
    """Replace sparse tensors by a bit mask (uint8) and values; return the rest and the packed shapes."""
    packed: dict[str, Tensor] = {}
    shapes: dict[str, list[int]] = {}
    for name, tensor in tensors.items():
        tensor = tensor.detach().cpu().contiguous()
        kept = tensor != 0
        packed_bytes = -(-tensor.numel() // 8) + int(kept.sum()) * tensor.element_size()
        if tensor.is_floating_point() and packed_bytes < tensor.numel() * tensor.element_size():
            packed[name + _MASK] = torch.from_numpy(np.packbits(kept.numpy().ravel()))
            packed[name + _VALUES] = tensor[kept]
            shapes[name] = list(tensor.shape)
        else:
            packed[name] = tensor
    return packed, shapes


def unpack_tensors(packed: dict[str, Tensor], shapes: dict[str, list[int]]) -> dict[str, Tensor]:
    """The inverse of `pack_tensors`, bit for bit."""
    tensors = {name: tensor for name, tensor in packed.items() if not name.endswith((_MASK, _VALUES))}
    for name, shape in shapes.items():
        count = int(np.prod(shape))
        kept = torch.from_numpy(np.unpackbits(packed[name + _MASK].numpy(), count=count).astype(bool)).view(shape)
        values = packed[name + _VALUES]
        tensors[name] = torch.zeros(shape, dtype=values.dtype).masked_scatter_(kept, values)
    return tensors


def save_model(model: nn.Module, path: str | Path) -> int:
    """Write weights and configuration to one .safetensors file; return its size in bytes.

    Raises:
        ValueError: a model whose configuration is not known here.
    """
    name = type(model).__name__
    if name not in ARCHITECTURES:
        raise ValueError(f"{name} can't be stored: use one of {', '.join(ARCHITECTURES)} or add it to ARCHITECTURES")
    tensors, shapes = pack_tensors(model.state_dict())
    config = cast("ResidualNet", model).config.to_dict()
    metadata = {"architecture": name, "config": json.dumps(config), "packed": json.dumps(shapes)}
    data = to_bytes(tensors, metadata)
    write_atomically(Path(path), data)
    return len(data)


def load_model(path: str | Path) -> nn.Module:
    """Read a file made by `save_model`; the model comes back in evaluation mode.

    Raises:
        FileNotFoundError: no such file.
        ValueError: not a checkpoint of ours, or a damaged one.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"no checkpoint at {path}")
    try:
        with safe_open(path, "pt") as file:
            metadata = file.metadata() or {}
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (not a dict)
        kind, config_kind = ARCHITECTURES[metadata["architecture"]]
        model = kind(config_kind.from_dict(json.loads(metadata["config"])))
        model.load_state_dict(unpack_tensors(tensors, json.loads(metadata["packed"])))
    except (SafetensorError, KeyError, TypeError, RuntimeError, json.JSONDecodeError) as error:
        raise ValueError(f"{path} is not a whole checkpoint of this project ({type(error).__name__}: {error})") from error
    return model.eval()
