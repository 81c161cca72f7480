import { type CrawlEnd, outcomeOf } from './outcome.ts';

const ENDED: CrawlEnd = {
  exit: { code: 0, signal: null },
  stopReason: null,
  killed: false,
  finOutcome: 'finished',
  isScript: false,
  isInherited: false,
};
const KILLED = { code: null, signal: 'SIGKILL' };

describe('outcomeOf', () => {
  it.each<[string, Partial<CrawlEnd>, string]>([
    ['an orderly end', {}, 'finished'],
    ["the spider's own reason", { finOutcome: 'closespider_itemcount' }, 'closespider_itemcount'],
    ['exit 0 without a word', { finOutcome: null }, 'no_reason'],
    ['a script that ends well', { finOutcome: null, isScript: true }, 'finished'],
    ['a script that fails', { finOutcome: null, isScript: true, exit: { code: 2, signal: null } }, 'failed'],
    ['a FIN that the exit code belies', { exit: { code: 1, signal: null } }, 'failed'],
    [
      'a crawl that had no room to begin with',
      { exit: { code: 1, signal: null }, finOutcome: 'diskusage_exceeded' },
      'diskusage_exceeded',
    ],
    ['a kill that was not ours', { exit: KILLED }, 'killed by oom'],
    ['a kill for memory', { exit: { ...KILLED, exceeded: 'oom' } }, 'killed by oom'],
    ['a kill by somebody else', { exit: { ...KILLED, exceeded: 'nothing' } }, 'failed'],
    ['too much memory', { exit: { ...KILLED, exceeded: 'memory' } }, 'memusage_exceeded'],
    ['too many files', { exit: { ...KILLED, exceeded: 'disk' } }, 'diskusage_exceeded'],
    ['too many processes', { exit: { ...KILLED, exceeded: 'processes' } }, 'failed'],
    [
      'a stop of a crawl that took too much',
      { stopReason: 'cancelled', exit: { ...KILLED, exceeded: 'disk' } },
      'cancelled',
    ],
    ['another signal', { exit: { code: null, signal: 'SIGSEGV' } }, 'failed'],
    ['a shutdown that nobody asked for', { finOutcome: 'shutdown' }, 'shutdown (by itself)'],
    ['a word of ours from a spider', { finOutcome: 'lost', isInherited: true }, 'lost (by itself)'],
    ['the end of a machine', { finOutcome: 'shutdown', isInherited: true }, 'shutdown'],
    ['a stop in time', { stopReason: 'cancelled', finOutcome: 'shutdown' }, 'cancelled'],
    ['a stop that took too long', { stopReason: 'cancelled', killed: true, exit: KILLED }, 'cancel_timeout'],
    ['a hang after FIN', { killed: true, exit: KILLED }, 'finished'],
    ['a full disk', { stopReason: 'disk_full', killed: true, exit: KILLED }, 'diskusage_exceeded'],
    ['a time limit', { stopReason: 'time_limit' }, 'cancelled (time limit)'],
    ['silence', { stopReason: 'stalled' }, 'cancelled (stalled)'],
    ['a reason without end', { finOutcome: 'x'.repeat(1000) }, 'x'.repeat(255)],
  ])('%s', (_name, end, expected) => {
    expect(outcomeOf({ ...ENDED, ...end })).toBe(expected);
  });
});
