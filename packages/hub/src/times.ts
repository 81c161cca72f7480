/** UTC without zone and fraction: `2015-11-09T15:21:06`. */
export function isoSecond(time: Date): string {
  return time.toISOString().slice(0, 19);
}
