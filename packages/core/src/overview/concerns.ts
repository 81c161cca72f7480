import { BAND_RUNS, type Band, bandOf } from '../jobs/band.ts';
import { outcomeKind } from '../jobs/outcome-kind.ts';
import type { Run } from '../ports/job-search-view.ts';

export type ConcernKind = 'failed' | 'no items' | 'fewer items' | 'more items' | 'lost field' | 'not started';

/** One spider that wants to be looked at. */
export interface Trouble {
  kind: ConcernKind;
  spider: string;
  number: number | null;
  /** The run in question; null where none started. */
  run: Run | null;
  closeReason: string | null;
  /** What its first error looks like, or the name of the field that is lost, or why it did not start. */
  detail: string | null;
  /** Median of items, where that is what is wrong. */
  usual: number | null;
}

/** Spiders with one cause. */
export interface Concern {
  kind: ConcernKind;
  /** One sentence. */
  cause: string;
  closeReason: string | null;
  detail: string | null;
  troubles: Trouble[];
}

/** What the last run of a spider is held against: the good ones before it. */
export function bandBefore(runs: readonly Run[]): Band | null {
  const good = runs.slice(1).filter(({ state, closeReason }) => outcomeKind(state, closeReason) === 'ok');
  return bandOf(good.slice(0, BAND_RUNS).map(({ items }) => items));
}

/** What is wrong with a spider's last run, as far as its numbers say; null when nothing is. `runs`: the newest first. */
export function troubleOf(spider: { name: string; number: number }, runs: readonly Run[]): Trouble | null {
  const [run] = runs;
  if (!run) return null;
  const outcome = outcomeKind(run.state, run.closeReason);
  const about = {
    spider: spider.name,
    number: spider.number,
    run,
    closeReason: run.closeReason,
    detail: null,
  };
  if (outcome === 'failed') return { ...about, kind: 'failed', usual: null };
  if (outcome !== 'ok') return null;
  const band = bandBefore(runs);
  // One that never gives items is meant to be so.
  if (!band || band.median === 0) return null;
  if (run.items === 0) return { ...about, kind: 'no items', usual: band.median };
  if (run.items < band.low) return { ...about, kind: 'fewer items', usual: band.median };
  if (run.items > band.high) return { ...about, kind: 'more items', usual: band.median };
  return null;
}

/** Troubles by their cause: one broken proxy is one of them, however many spiders it stopped. The largest first. */
export function concernsOf(troubles: readonly Trouble[]): Concern[] {
  const groups = new Map<string, Trouble[]>();
  for (const trouble of troubles) {
    const name = JSON.stringify([
      trouble.kind,
      trouble.kind === 'failed' ? trouble.closeReason : null,
      trouble.detail,
    ]);
    groups.set(name, [...(groups.get(name) ?? []), trouble]);
  }
  return [...groups.values()].map(concernOf).sort((a, b) => b.troubles.length - a.troubles.length);
}

function concernOf(troubles: Trouble[]): Concern {
  const [first] = troubles as [Trouble, ...Trouble[]];
  const { kind, detail } = first;
  return {
    kind,
    cause: sentence(first, troubles.length),
    closeReason: kind === 'failed' ? first.closeReason : null,
    detail,
    troubles: troubles.sort((a, b) => (a.spider < b.spider ? -1 : 1)),
  };
}

function sentence({ kind, closeReason, detail, spider }: Trouble, count: number): string {
  const who = count === 1 ? spider : `${count} spiders`;
  switch (kind) {
    case 'failed':
      return `${who} ended with ${closeReason}${detail === null ? '' : `: ${detail}`}`;
    case 'no items':
      return `${who} gave no items`;
    case 'fewer items':
      return `${who} gave far fewer items than usual`;
    case 'more items':
      return `${who} gave far more items than usual`;
    case 'lost field':
      return `${who} lost the field ${detail}`;
    case 'not started':
      return `${who} did not start${detail === null ? '' : `: ${detail}`}`;
  }
}

/** Names of fields that usually nearly all items have and here nearly none. */
export function lostFields(here: ReadonlyMap<string, number>, usual: ReadonlyMap<string, number>): string[] {
  return [...usual]
    .filter(([name, share]) => share >= FULL && (here.get(name) ?? 0) <= share * LOST)
    .map(([name]) => name)
    .sort();
}

const FULL = 0.5;
const LOST = 0.1;
