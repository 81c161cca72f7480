import type { StreamName, Tally } from '../ports/stream-store.ts';

/** What each stream keeps count of while records arrive. */
export const TALLIES: Record<StreamName, Tally> = {
  items: countNothing,
  logs: countLevel,
  requests: countNothing,
  samples: countNothing,
};

function countNothing(line: Buffer): { bytes: number; counts: readonly string[] } {
  return { bytes: line.length, counts: [] };
}

const LEVEL = /"level":\s*(\d{1,4})/;

/** Logs are counted by level. The level is looked for near the start and, failing that, near the end. */
function countLevel(line: Buffer): { bytes: number; counts: readonly string[] } {
  const head = line.subarray(0, 64).toString('latin1');
  const level = LEVEL.exec(head)?.[1];
  return { bytes: line.length, counts: level === undefined ? [] : [level] };
}
