"""Can it be read: contrast by the rule of WCAG 2, and nothing cut off at the side."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

AA = 4.5  # contrast that WCAG 2 asks of ordinary text
Color = tuple[float, float, float, float]  # red, green, blue in 0 to 255, alpha in 0 to 1

# Every piece of text below the chosen elements: its color and the backgrounds behind it, the nearest first.
# Controls that are switched off are left out, as WCAG does. A canvas turns whatever a style may say, color-mix()
# included, into numbers; each color is asked for once, as is what stands behind an element.
TEXTS = """
elements => {
  const canvas = document.createElement('canvas').getContext('2d', {willReadFrequently: true});
  const colors = new Map(), looks = new Map();
  const numbers = color => {
    if (!colors.has(color)) {
      canvas.clearRect(0, 0, 1, 1);
      canvas.fillStyle = color;
      canvas.fillRect(0, 0, 1, 1);
      const [red, green, blue, alpha] = canvas.getImageData(0, 0, 1, 1).data;
      colors.set(color, [red, green, blue, alpha / 255]);
    }
    return colors.get(color);
  };
  const look = element => {
    if (!element) return {opacity: 1, behind: []};
    if (!looks.has(element)) {
      const style = getComputedStyle(element), around = look(element.parentElement);
      const opacity = Number(style.opacity) * around.opacity;
      looks.set(element, {opacity, behind: [numbers(style.backgroundColor), ...around.behind]});
    }
    return looks.get(element);
  };
  const found = [];
  for (const element of elements.flatMap(root => [root, ...root.querySelectorAll('*')])) {
    const text = [...element.childNodes].filter(node => node.nodeType === Node.TEXT_NODE).map(node => node.data).join(' ').trim();
    if (!text || !element.checkVisibility() || element.closest(':disabled')) continue;
    found.push({text, color: numbers(getComputedStyle(element).color), ...look(element)});
  }
  return found;
}
"""

# What sticks out of something that cuts it off or makes it scroll sideways, up to the notebook's own frame.
CUT = """
elements => elements.filter(element => {
  const right = element.getBoundingClientRect().right;
  if (element.scrollWidth > element.clientWidth + 1 && getComputedStyle(element).display !== 'inline') return true;
  for (let at = element.parentElement; at; at = at.parentElement) {
    const frame = at.getBoundingClientRect();
    if (getComputedStyle(at).overflowX !== 'visible' && right > frame.left + at.clientLeft + at.clientWidth + 1) return true;
    if (at.matches('.jp-NotebookPanel')) return false;
  }
  return true;
}).map(element => `${element.tagName.toLowerCase()} ${(element.textContent || element.alt || '').slice(0, 60)}`)
"""


@dataclass(frozen=True)
class Text:
    """A piece of text as it is drawn. behind: backgrounds from the nearest outwards."""

    text: str
    color: Color
    opacity: float
    behind: tuple[Color, ...]

    @classmethod
    def of(cls, found: dict[str, Any]) -> Text:
        """From what TEXTS returns."""
        return cls(found["text"], tuple(found["color"]), found["opacity"], tuple(map(tuple, found["behind"])))

    @property
    def contrast(self) -> float:
        """Contrast of the text with what it stands on, 1 to 21."""
        ground: Color = (255, 255, 255, 1)  # a page without a background is white
        for layer in reversed(self.behind):
            ground = over(layer, ground)
        red, green, blue, alpha = self.color
        return contrast(over((red, green, blue, alpha * self.opacity), ground), ground)


def over(top: Color, ground: Color) -> Color:
    """A color laid over an opaque one."""
    alpha = top[3]
    red, green, blue = (alpha * a + (1 - alpha) * b for a, b in zip(top[:3], ground[:3], strict=True))
    return red, green, blue, 1.0


def luminance(color: Color) -> float:
    """Relative luminance, 0 for black to 1 for white."""
    linear = [value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4 for value in (part / 255 for part in color[:3])]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: Color, other: Color) -> float:
    """Contrast of two opaque colors, 1 to 21."""
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)
