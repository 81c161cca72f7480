type Points = readonly (readonly [seconds: number, items: number])[];

/** Two lines over the same times: where one has no point there is a gap for the other's. */
export function joined(one: Points, other: Points) {
  const [first, second] = [new Map(one), new Map(other)];
  const times = [...new Set([...first.keys(), ...second.keys()])].sort((x, y) => x - y);
  return {
    times,
    a: between(times, first),
    b: between(times, second),
  };
}

/** Values at all times, on a straight line between two that are known, and none behind the last. */
function between(times: readonly number[], known: ReadonlyMap<number, number>): (number | null)[] {
  const points = [...known].sort(([x], [y]) => x - y);
  let at = 0;
  return times.map((time) => {
    while (at < points.length - 1 && (points[at + 1]?.[0] ?? 0) <= time) at += 1;
    const [from, to] = [points[at], points[at + 1]];
    if (!from || time < from[0]) return null;
    if (time === from[0]) return from[1];
    if (!to) return null;
    return from[1] + ((to[1] - from[1]) * (time - from[0])) / (to[0] - from[0]);
  });
}
