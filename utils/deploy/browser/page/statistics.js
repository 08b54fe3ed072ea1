// Numbers from numbers.

/** The value below which this share of the values lies (numpy's linear interpolation); NaN without values. */
export function quantile(values, share) {
  const sorted = Float64Array.from(values).sort();
  const at = share * (sorted.length - 1);
  const low = sorted[Math.floor(at)];
  return low + (sorted[Math.ceil(at)] - low) * (at - Math.floor(at));
}

const FEWEST = 20; // with fewer times the slow end is one of them

/** What 95 of 100 times stay within; NaN with too few to tell. */
export function tail(times) {
  return times.length < FEWEST ? NaN : quantile(times, 0.95);
}

/** A median and, if there is one, a slow end in words. */
export function inWords(median, p95) {
  return `median ${milliseconds(median)} ms` + (Number.isNaN(p95) ? "" : `, 95 % within ${milliseconds(p95)} ms`);
}

/** Logits to probabilities. */
export function softmax(logits) {
  const top = Math.max(...logits);
  const powers = Array.from(logits, (logit) => Math.exp(logit - top));
  const sum = powers.reduce((a, b) => a + b, 0);
  return powers.map((power) => power / sum);
}

/** The place of the largest value, the first one of equals. */
export function largest(values) {
  return values.reduce((best, value, at) => (value > values[best] ? at : best), 0);
}

/** Milliseconds to read: two significant digits, whole ones above ten. */
export function milliseconds(ms) {
  return ms < 9.95 ? ms.toPrecision(2) : Math.round(ms).toLocaleString("en");
}

/** Bytes to read: kB and MB of 1000, as file systems and shops count. */
export function bytes(count) {
  return count < 999500 ? `${(count / 1000).toPrecision(3).replace(/\.0+$/, "")} kB` : `${(count / 1e6).toFixed(1)} MB`;
}
