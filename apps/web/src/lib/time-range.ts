/** Around a measurement that is alone, s. */
const ALONE_S = 5;

/** What a chart shows of time, s: `from` and `to` are uPlot's, which shows years around a single measurement. */
export function timeRange(times: readonly number[], from: number, to: number): [number, number] {
  return times.length === 1 ? [from - ALONE_S, from + ALONE_S] : [from, to];
}
