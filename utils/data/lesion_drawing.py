"""The program that draws a skin lesion: skin, lesion, hair, reflections, sensor noise, all as arrays of many pictures at once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

SKIN = np.array([[0.86, 0.69, 0.60], [0.66, 0.47, 0.36], [0.35, 0.235, 0.18]], dtype=np.float32)  # light, medium, dark
PIGMENT = np.array([0.55, 0.95, 1.15], dtype=np.float32)  # absorption of brown pigment in red, green and blue
COLORS = np.array([[0.10, 0.07, 0.06], [0.72, 0.30, 0.26], [0.40, 0.45, 0.55], [0.88, 0.82, 0.78]], dtype=np.float32)
CHUNK = 250  # pictures at once, so that arrays stay within a processor's cache
MAX_HAIRS = 6


@dataclass(frozen=True)
class Drawing:
    """size: pixels on a side. hair: mean number of hairs. reflections: probability of each of two specular reflections.

    noise: standard deviation of the sensor's noise, pixels in [0, 1].
    """

    size: int
    hair: float = 1.2
    reflections: float = 0.35
    noise: float = 0.03


def draw(drawing: Drawing, traits: np.ndarray, tones: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """(n, size, size, 3) uint8 pictures.

    traits: (n, 4) asymmetry, border, colors, diameter, any real numbers; a larger one is more visible.
    tones: (n,) 0 light, 1 medium, 2 dark.
    """
    parts = [slice(start, start + CHUNK) for start in range(0, len(traits), CHUNK)]
    return np.concatenate([_pictures(drawing, traits[part].astype(np.float32), tones[part], rng) for part in parts])


def _pictures(drawing: Drawing, traits: np.ndarray, tones: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    n, size = len(traits), drawing.size
    asymmetry, border, colors, diameter = (_level(one) for one in traits.T)
    axis = np.linspace(-1, 1, size, dtype=np.float32)
    center = _normal(rng, n, 2) * 0.08
    y, x = axis[None, :, None] - center[:, :1, None], axis[None, None, :] - center[:, 1:, None]
    skin = SKIN[tones] * (1 + 0.06 * _normal(rng, n, 3))
    light = 1 + _column(0.10 * _normal(rng, n)) * x + _column(0.10 * _normal(rng, n)) * y  # uneven illumination
    picture = (skin[:, None, None] * (light * (1 + 0.05 * _texture(rng, n, size, 8)))[..., None]).astype(np.float32)
    inside = _lesion(x, y, asymmetry, border, diameter, rng)
    depth = inside * _column(0.75 + 0.15 * _normal(rng, n)) * (1 + 0.35 * _texture(rng, n, size, 5))
    picture *= np.exp(-np.clip(depth, 0, None)[..., None] * PIGMENT)
    _add_colors(picture, inside, colors, skin, rng)
    _add_hair(picture, axis, drawing.hair, rng)
    _add_reflections(picture, axis, drawing.reflections, rng)
    picture += drawing.noise * _normal(rng, n, size, size, 3)
    return np.rint(255 * picture.clip(0, 1)).astype(np.uint8)


def _lesion(
    x: np.ndarray, y: np.ndarray, asymmetry: np.ndarray, border: np.ndarray, diameter: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    """(n, size, size) between 0 outside and 1 inside. An ellipse whose radius waves: slowly for asymmetry, quickly for the border."""
    n = len(asymmetry)
    angle, distance = np.arctan2(y, x), np.sqrt(x * x + y * y)
    phase = lambda: _column(rng.uniform(0, 2 * np.pi, n))  # noqa: E731
    radius = 1 + _column(0.06 + 0.03 * _normal(rng, n)) * np.cos(2 * angle + phase())  # an ellipse is symmetric
    for waves, share in ((1, 0.45), (3, 0.35), (5, 0.2)):
        radius += _column(0.75 * share * asymmetry) * np.cos(waves * angle + phase())
    for waves in (7, 9, 12):
        radius += _column(0.13 * border) * np.cos(waves * angle + phase())
    edge = _column(np.exp(0.2 * _normal(rng, n)) * 0.045)
    size = _column(0.26 + 0.36 * diameter)
    return 1 / (1 + np.exp(np.clip((distance - size * radius) / edge, -30, 30)))


def _add_colors(picture: np.ndarray, inside: np.ndarray, colors: np.ndarray, skin: np.ndarray, rng: np.random.Generator) -> None:
    """Patches of black, red, blue-grey and white inside the lesion. They darken with the skin, as everything that is lit does."""
    n, size = inside.shape[:2]
    shade = (0.35 + 0.65 * skin.mean(1) / SKIN[0].mean())[:, None, None, None]
    for color in COLORS:
        field = _texture(rng, n, size, 4) - 0.9 + 0.9 * _column(colors)  # more colors: larger patches of each
        cover = (inside * (0.75 / (1 + np.exp(-6 * field))) * _column(0.25 + 0.75 * colors))[..., None]
        picture += cover * (color * shade - picture)


def _add_hair(picture: np.ndarray, axis: np.ndarray, mean: float, rng: np.random.Generator) -> None:
    n = len(picture)
    count = np.minimum(rng.poisson(mean, n), MAX_HAIRS)
    x, y = axis[None, None, :], axis[None, :, None]
    for hair in range(MAX_HAIRS):
        angle, offset, bend = rng.uniform(0, np.pi, n), 0.5 * rng.standard_normal(n), 0.25 * rng.standard_normal(n)
        width, dark = rng.uniform(0.012, 0.035, n), rng.uniform(0.4, 0.8, n) * (hair < count)
        sine, cosine = _column(np.sin(angle)), _column(np.cos(angle))
        along, across = x * cosine + y * sine, y * cosine - x * sine
        away = (across - _column(offset) - _column(bend) * along * along) / _column(width)
        picture *= 1 - (_column(dark) * np.exp(-0.5 * np.minimum(away * away, 60)))[..., None]


def _add_reflections(picture: np.ndarray, axis: np.ndarray, probability: float, rng: np.random.Generator) -> None:
    n = len(picture)
    x, y = axis[None, None, :], axis[None, :, None]
    for _ in range(2):
        at, width = _normal(rng, n, 2) * 0.4, rng.uniform(0.05, 0.12, n)
        bright = rng.uniform(0.3, 0.8, n) * (rng.random(n) < probability)
        square = ((x - at[:, :1, None]) ** 2 + (y - at[:, 1:, None]) ** 2) / _column(width) ** 2
        picture += (_column(bright) * np.exp(-0.5 * np.minimum(square, 60)))[..., None]


def _level(trait: np.ndarray) -> np.ndarray:
    """A trait, any real number, as a level between 0 and 1; the order is kept, so nothing of what it tells is lost."""
    return (1 / (1 + np.exp(-0.9 * (trait - 0.6)))).astype(np.float32)


def _texture(rng: np.random.Generator, n: int, size: int, cells: int) -> np.ndarray:
    """(n, size, size) smooth random fields, standard deviation about 0.7: random values on a grid, between them straight lines."""
    grid = _normal(rng, n, cells + 1, cells + 1)
    place = np.linspace(0, cells, size, dtype=np.float32) * (1 - 1e-6)
    below = place.astype(int)
    part = place - below
    mix = np.zeros((size, cells + 1), dtype=np.float32)
    mix[np.arange(size), below], mix[np.arange(size), below + 1] = 1 - part, part
    return mix @ grid @ mix.T


def _normal(rng: np.random.Generator, *shape: int) -> np.ndarray:
    return rng.standard_normal(shape, dtype=np.float32)


def _column(values: np.ndarray) -> np.ndarray:
    """(n,) as (n, 1, 1) float32, to be broadcast over pictures."""
    return values.astype(np.float32)[:, None, None]
