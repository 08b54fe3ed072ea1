// From pixels to what the network was trained on.

/** Pixels (bytes) to float32 values (p / 255 - mean) / std, each step rounded to float32 as Python's side does it. */
export function normalize(pixels, { mean, std }) {
  const round = Math.fround;
  const table = Float32Array.from({ length: 256 }, (_, p) => round(round(round(p / 255) - round(mean)) / round(std)));
  return Float32Array.from(pixels, (pixel) => table[pixel]);
}

/**
 * A drawing as the photos are: cut out, its longer side scaled to the whole picture, put in the middle.
 *
 * pixels: side x side bytes, 0 is the ground. Fainter than `faint` counts as ground. An empty drawing stays empty.
 */
export function centered(pixels, side, faint = 24) {
  const inside = { left: side, right: -1, top: side, bottom: -1 };
  pixels.forEach((pixel, at) => {
    if (pixel < faint) return;
    const x = at % side;
    const y = Math.floor(at / side);
    inside.left = Math.min(inside.left, x);
    inside.right = Math.max(inside.right, x);
    inside.top = Math.min(inside.top, y);
    inside.bottom = Math.max(inside.bottom, y);
  });
  const seen = new Uint8Array(side * side);
  if (inside.right < 0) return seen;
  const width = inside.right - inside.left + 1;
  const height = inside.bottom - inside.top + 1;
  const scale = side / Math.max(width, height);
  const left = Math.floor((side - Math.round(width * scale)) / 2); // whole pixels: what fits already is not blurred
  const top = Math.floor((side - Math.round(height * scale)) / 2);
  for (let y = 0; y < side; y++)
    for (let x = 0; x < side; x++) {
      const fromX = inside.left - 0.5 + (x + 0.5 - left) / scale;
      const fromY = inside.top - 0.5 + (y + 0.5 - top) / scale;
      seen[y * side + x] = Math.round(between(pixels, side, fromX, fromY));
    }
  return seen;
}

/** The value at a point between pixels, by bilinear interpolation; 0 outside. */
function between(pixels, side, x, y) {
  const left = Math.floor(x);
  const top = Math.floor(y);
  const at = (column, row) => (column < 0 || row < 0 || column >= side || row >= side ? 0 : pixels[row * side + column]);
  const mix = (a, b, share) => a + (b - a) * share;
  const upper = mix(at(left, top), at(left + 1, top), x - left);
  const lower = mix(at(left, top + 1), at(left + 1, top + 1), x - left);
  return mix(upper, lower, y - top);
}
