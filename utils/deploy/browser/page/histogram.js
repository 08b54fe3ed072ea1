// The times of the last inferences: how they spread, their median and their slow end.

import { inWords, quantile, tail } from "./statistics.js";

export const KEPT = 200;
const [WIDTH, HEIGHT, SIDE, FLOOR, HEAD, BINS] = [400, 142, 10, 118, 34, 20];

/** Draw the times into a figure and describe them. Answers {median, p95}; p95 is NaN where there are too few. */
export function showTimes(figure, times) {
  const median = quantile(times, 0.5);
  const p95 = tail(times);
  figure.replaceChildren(times.length ? drawing(times, median, p95) : "");
  figure.ariaLabel = times.length
    ? `Histogram of the last ${times.length} times: ${inWords(median, p95)}.`
    : "No times yet";
  return { median, p95 };
}

function drawing(times, median, p95) {
  const far = reach(median, Number.isNaN(p95) ? Math.max(...times) : p95);
  const step = nice(Math.max(far, 0.05) / 4);
  const end = step * Math.ceil(far / step);
  const counts = new Array(BINS).fill(0);
  for (const ms of times) counts[Math.min(BINS - 1, Math.floor((BINS * ms) / end))]++;
  const high = Math.max(...counts);
  const x = (ms) => SIDE + ((WIDTH - 2 * SIDE) * ms) / end;
  const width = (WIDTH - 2 * SIDE) / BINS;
  const svg = element("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}` });
  counts.forEach((count, at) => {
    const height = ((FLOOR - HEAD) * count) / high;
    svg.append(element("rect", { class: "column", x: SIDE + at * width + 0.75, y: FLOOR - height, width: width - 1.5, height }));
  });
  svg.append(element("line", { class: "axis", x1: SIDE, x2: WIDTH - SIDE, y1: FLOOR, y2: FLOOR }));
  for (let tick = 0; tick <= end + step / 2; tick += step) {
    const last = tick > end - step / 2;
    svg.append(element("line", { class: "axis", x1: x(tick), x2: x(tick), y1: FLOOR, y2: FLOOR + 4 }));
    svg.append(label(x(tick), FLOOR + 18, last ? "end" : "middle", `${Number(tick.toPrecision(6))}${last ? " ms" : ""}`));
  }
  svg.append(marker(x(median)), label(x(median) - 5, 22, "end", "median"));
  if (Number.isNaN(p95)) return svg;
  if (p95 > end) svg.append(label(WIDTH - SIDE, 22, "end", "95 % \u2192"));
  else svg.append(marker(x(p95)), label(x(p95) + 5, 22, "start", "95 %"));
  return svg;
}

/** Up to where times get a column of their own: past the slow end, unless that is so far off that the others would be one column. */
const reach = (median, slow) => Math.max(1.5 * median, Math.min(1.2 * slow, 4 * median));

const marker = (x) => element("line", { class: "marker", x1: x, x2: x, y1: 12, y2: FLOOR });

const label = (x, y, anchor, text) => element("text", { x, y, "text-anchor": anchor }, text);

/** The next of 1, 2, 5, 10, ... times a power of ten. */
function nice(step) {
  const power = 10 ** Math.floor(Math.log10(step));
  return power * [1, 2, 5, 10].find((digit) => digit * power >= step * 0.999);
}

function element(tag, attributes, text = "") {
  const made = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.textContent = text;
  return made;
}
