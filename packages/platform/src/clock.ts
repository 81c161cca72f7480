/** The machine-wide monotonic clock (CLOCK_MONOTONIC), ms: the shim beside each crawl reads the same one. */
export function monotonicMs(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}
