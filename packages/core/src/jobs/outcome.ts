/** How the process of a crawl ended, as its parent saw it. Exactly one of the two is set. */
export interface ProcessExit {
  code: number | null;
  signal: string | null;
  /**
   * The limit of its job that ended it. `oom`: the kernel, for its memory. `memory`, `disk`, `processes`: we, after it had
   * taken too much. `nothing`: the kernel has killed nobody for memory. Absent: nobody knows.
   */
  exceeded?: 'oom' | 'memory' | 'disk' | 'processes' | 'nothing';
}

/** Why we ended a crawl ourselves, null when it ended by itself. */
export type StopReason =
  | 'cancelled'
  | 'shutdown'
  | 'time_limit'
  | 'stalled'
  | 'lost'
  | 'quota'
  | 'disk_full'
  | null;

export interface CrawlEnd {
  exit: ProcessExit;
  stopReason: StopReason;
  /** We had to kill the group because it did not end in its grace time. */
  killed: boolean;
  /** `FIN.outcome` of the pipe, null when none came. */
  finOutcome: string | null;
  /** Scripts (`cmd_args`) write no FIN of their own. */
  isScript: boolean;
  /** Its worker had gone before it, perhaps by the same signal: the end of a machine ends both. */
  isInherited: boolean;
}

const MAX_OUTCOME = 255;

/**
 * Decides the close reason from what the crawl said, how its process ended and what we did to it.
 * The words are Scrapy Cloud's (https://support.zyte.com/support/solutions/articles/22000200413).
 * A crawl's own FIN never overrides how its process really ended.
 */
export function outcomeOf(end: CrawlEnd): string {
  switch (end.stopReason) {
    case 'cancelled':
      return end.killed ? 'cancel_timeout' : 'cancelled';
    case 'time_limit':
      return 'cancelled (time limit)';
    case 'stalled':
      return 'cancelled (stalled)';
    case 'quota':
      return 'cancelled (quota)';
    case 'disk_full':
      return 'diskusage_exceeded';
    case 'shutdown':
    case 'lost':
      return end.stopReason;
    case null:
      return ownOutcome(end);
  }
}

function ownOutcome({ exit, finOutcome, isScript, killed, isInherited }: CrawlEnd): string {
  const said = finOutcome && ownWord(finOutcome, isInherited);
  // Some crawls hang after their FIN and are killed by us: what they said still stands.
  if (killed && said) return said;
  if (exit.exceeded === 'memory') return 'memusage_exceeded';
  if (exit.exceeded === 'disk') return 'diskusage_exceeded';
  if (exit.exceeded === 'processes' || exit.exceeded === 'nothing') return 'failed';
  // Where there is no control group to ask, it is the likeliest reason.
  if (exit.signal === 'SIGKILL') return 'killed by oom';
  if (exit.signal !== null) return 'failed';
  // A crawl that found no room to begin with has failed, and knows why.
  if (exit.code !== 0) return said === 'diskusage_exceeded' ? said : 'failed';
  if (said) return said;
  return isScript ? 'finished' : 'no_reason';
}

/** Jobs that end with these words run again: they are the worker's. A spider that stops its own reactor would run for ever. */
const OF_THE_WORKER = new Set(['shutdown', 'lost']);

function ownWord(word: string, isInherited: boolean): string {
  if (!OF_THE_WORKER.has(word) || (isInherited && word === 'shutdown')) return word.slice(0, MAX_OUTCOME);
  return `${word} (by itself)`;
}
