export function median(values) {
  return percentile(values, 0.5);
}

/** The value below which `part` of them lie. */
export function percentile(values, part) {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? Number.NaN;
}
