import type { AuditStore, CountedRefusal } from '../ports/audit-store.ts';
import type { AuditPlace, Refusal } from './audit.ts';

/** Equal refusals within so long are one line with a number, ms. */
const WINDOW_MS = 60_000;
/** What was refused for the first time is written after so long, ms. */
const GATHER_MS = 1000;
/** Different ones of one organisation, project or user in a window; more of them are counted in one line. */
const MOST_OF_PLACE = 20;
/** The same for the whole process. */
const MOST_OF_ALL = 300;
/** So many lines wait for a database that is away: those of a few minutes, however many are refused. */
const MOST_KEPT = 5 * MOST_OF_ALL;

/** Notes who was refused what. Never fails, and nobody waits for it. */
export interface Refusals {
  note(refusal: Refusal): void;
  /** Whether a look for the reason is worth its while: not when lines are counted alone anyway. */
  hasRoom(): boolean;
  /** Writes what was noted; for the end of a process. */
  flush(): Promise<void>;
}

interface Counted {
  refusal: Refusal;
  /** How many are not written yet. */
  times: number;
  isWritten: boolean;
}

/**
 * Whoever is refused again and again must not fill the log, nor the part of it that belongs to others: each place has so
 * many lines a window, and this process so many in all; each is written when it is new and, if there were more like it,
 * once more when the window is over. `onError` hears of what could not be written yet.
 */
export function createRefusals(
  store: Pick<AuditStore, 'saveRefusals'>,
  onError: (error: unknown) => void = () => {},
  now: () => number = Date.now,
): Refusals {
  let window = newWindow(0);
  let soon: NodeJS.Timeout | undefined;
  let later: NodeJS.Timeout | undefined;
  let writing: Promise<void> = Promise.resolve();
  /** What could not be written, for the next time. */
  let kept: CountedRefusal[] = [];

  function write(onlyNew: boolean): void {
    clearTimeout(soon);
    soon = undefined;
    if (!onlyNew) {
      clearTimeout(later);
      later = undefined;
    }
    const found = [...window.lines.values()].filter((line) => line.times > 0 && !(onlyNew && line.isWritten));
    if (found.length + kept.length === 0) return;
    const refusals = found.map(({ refusal, times }): CountedRefusal => ({ ...refusal, times }));
    for (const line of found) Object.assign(line, { times: 0, isWritten: true });
    writing = writing.then(() => save(refusals));
  }

  async function save(refusals: CountedRefusal[]): Promise<void> {
    const all = [...kept, ...refusals].slice(0, MOST_KEPT);
    kept = [];
    try {
      if (all.length > 0) await store.saveRefusals(all);
    } catch (error) {
      kept = all;
      later ??= setTimeout(() => write(false), WINDOW_MS).unref();
      onError(error);
    }
  }

  return {
    note(refusal) {
      if (now() >= window.endsAt) {
        write(false);
        window = newWindow(now() + WINDOW_MS);
      }
      const line = lineFor(window, refusal);
      line.times += 1;
      if (!line.isWritten) soon ??= setTimeout(() => write(true), GATHER_MS).unref();
      else later ??= setTimeout(() => write(false), Math.max(0, window.endsAt - now())).unref();
    },
    hasRoom: () => now() >= window.endsAt || window.lines.size < MOST_OF_ALL,
    async flush() {
      write(false);
      await writing;
    },
  };
}

interface Window {
  endsAt: number;
  lines: Map<string, Counted>;
  /** Lines of each place. */
  sizes: Map<string, number>;
}

function newWindow(endsAt: number): Window {
  return { endsAt, lines: new Map(), sizes: new Map() };
}

/** The line that counts it: its own, that of all others of its place, or that of all others. */
function lineFor({ lines, sizes }: Window, refusal: Refusal): Counted {
  const place = JSON.stringify(refusal.place);
  const size = sizes.get(place) ?? 0;
  const others = { name: `others of ${place}`, refusal: moreOf(refusal.place) };
  const choices = [
    {
      name: `${place} ${nameOf(refusal)}`,
      refusal,
      isFull: size >= MOST_OF_PLACE || lines.size >= MOST_OF_ALL,
    },
    { ...others, isFull: lines.size >= MOST_OF_ALL + MOST_OF_PLACE },
    { name: 'others', refusal: moreOf(null), isFull: false },
  ];
  for (const { name, refusal: told, isFull } of choices) {
    const known = lines.get(name);
    if (known) return known;
    if (isFull) continue;
    const line = { refusal: told, times: 0, isWritten: false };
    lines.set(name, line);
    sizes.set(place, size + 1);
    return line;
  }
  throw new Error('a refusal has no line');
}

function nameOf({ actor, action, object, why }: Refusal): string {
  const { kind, name, user, key, address } = actor;
  return JSON.stringify([kind, name, user, key, address, action, object, why]);
}

function moreOf(place: AuditPlace): Refusal {
  const actor = { kind: 'nobody', name: 'several', user: null, key: null, session: null } as const;
  return {
    actor: { ...actor, address: null, client: null },
    action: 'several',
    place,
    object: '',
    why: 'more of them than this log has lines for',
  };
}
