import type { Cron } from '../ports/cron.ts';
import { dueTimes, jitterMs, nextTimes } from './calendar.ts';
import type { Catchup, PeriodicPlan } from './periodic-job.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

/** Every hour, on the hour. */
const hourly: Cron = {
  checked: (cron, timezone) => ({ cron, timezone }),
  next: (_cron, _zone, after) => new Date((Math.floor(after.getTime() / HOUR) + 1) * HOUR),
  zoneRules: 'test',
};

const at = (hours: number, more = 0) => new Date(hours * HOUR + more);

function plan(more: Partial<PeriodicPlan & { id: number; nextAt: Date }> = {}) {
  return {
    id: 7,
    cron: '0 * * * *',
    timezone: 'UTC',
    overlap: 'skip' as const,
    catchup: 'one' as const,
    jitterSeconds: 0,
    startAt: null,
    endAt: null,
    disabled: false,
    description: '',
    tags: [],
    tasks: [],
    nextAt: at(10),
    ...more,
  };
}

function hoursOf(catchup: Catchup, now: Date) {
  const { times, nextAt } = dueTimes(plan({ catchup }), now, hourly);
  return {
    kept: times.filter(({ missed }) => missed === null).map((time) => time.at.getTime() / HOUR),
    missed: times.filter(({ missed }) => missed !== null).map((time) => time.at.getTime() / HOUR),
    next: nextAt && nextAt.getTime() / HOUR,
  };
}

/** What is decided bit by bit until nothing is due. */
function allRounds(catchup: Catchup, now: Date) {
  const rounds = [];
  let next: Date = at(10);
  while (next <= now) {
    const { times, nextAt } = dueTimes(plan({ catchup, nextAt: next }), now, hourly);
    rounds.push(times);
    next = nextAt as Date;
  }
  return rounds;
}

it('keeps a planned time, and waits for the next one', () => {
  expect(hoursOf('skip', at(10))).toEqual({ kept: [10], missed: [], next: 11 });
  expect(hoursOf('skip', at(10, -1))).toEqual({ kept: [], missed: [], next: 10 });
});

it('does not call a run late that a change of leaders held up', () => {
  expect(hoursOf('skip', at(10, MINUTE))).toEqual({ kept: [10], missed: [], next: 11 });
  expect(hoursOf('skip', at(10, MINUTE + 1))).toEqual({ kept: [], missed: [10], next: 11 });
});

it.each<[Catchup, number[], number[]]>([
  ['skip', [], [10, 11, 12]],
  ['one', [12], [10, 11]],
  ['all', [10, 11, 12], []],
])('after a break, `%s` keeps %j and misses %j', (catchup, kept, missed) => {
  expect(hoursOf(catchup, at(12, 30 * MINUTE))).toEqual({ kept, missed, next: 13 });
});

it('makes up for nothing when a run is due at this very moment', () => {
  expect(hoursOf('one', at(12))).toEqual({ kept: [12], missed: [10, 11], next: 13 });
});

it('makes up for a hundred at most', () => {
  const { kept, missed } = hoursOf('all', at(10 + 149, 30 * MINUTE));
  expect(kept).toEqual(Array.from({ length: 100 }, (_, n) => 60 + n));
  expect(missed).toHaveLength(50);
});

it.each<[Catchup, number]>([
  ['skip', 0],
  ['one', 1],
  ['all', 100],
])('decides about many planned times bit by bit, and `%s` keeps the same %i', (catchup, count) => {
  const rounds = allRounds(catchup, at(10 + 729, 30 * MINUTE));
  expect(rounds.map((times) => times.length)).toEqual([400, 330]);
  const all = rounds.flat();
  expect(all.map((time) => time.at)).toEqual(Array.from({ length: 730 }, (_, hour) => at(10 + hour)));
  expect(all.filter(({ missed }) => missed === null)).toEqual(count === 0 ? [] : all.slice(-count));
});

it('tells of a very long break in one row, and goes on near its end', () => {
  const times = allRounds('skip', at(10_000, 1)).flat();
  expect(times[0]?.at).toEqual(at(10));
  expect(times[0]?.missed).toContain('until');
  expect(times.length).toBeGreaterThan(31 * 24 - 2);
  expect(times.length).toBeLessThan(31 * 24 + 3);
  expect(times.at(-1)?.at).toEqual(at(10_000));
});

it('begins and ends when the plan says', () => {
  const bounded = plan({ startAt: at(12), endAt: at(14) });
  expect(nextTimes(bounded, at(0), 9, hourly)).toEqual([at(12), at(13), at(14)]);
  expect(dueTimes({ ...bounded, nextAt: at(14) }, at(14), hourly)).toEqual({
    times: [{ at: at(14), missed: null, isLate: false }],
    nextAt: null,
  });
});

it('puts runs off by the same for the same planned time, within bounds and not all alike', () => {
  const offsets = Array.from({ length: 200 }, (_, n) => jitterMs(7, at(n), 60));
  expect(offsets).toEqual(Array.from({ length: 200 }, (_, n) => jitterMs(7, at(n), 60)));
  expect(Math.max(...offsets)).toBeLessThanOrEqual(60_000);
  expect(new Set(offsets).size).toBeGreaterThan(30);
  expect(jitterMs(8, at(1), 60)).not.toBe(jitterMs(7, at(1), 60));
  const late = plan({ jitterSeconds: 60 });
  const due = at(10, jitterMs(7, at(10), 60));
  expect(dueTimes(late, new Date(due.getTime() - 1), hourly).times).toEqual([]);
  expect(dueTimes(late, due, hourly).times).toEqual([{ at: at(10), missed: null, isLate: false }]);
});

it('waits for no jitter when somebody runs it at once', () => {
  const jittered = plan({ jitterSeconds: 3600, nextAt: at(10, 7 * MINUTE) });
  expect(jitterMs(7, jittered.nextAt, 3600)).toBeGreaterThan(0);
  expect(dueTimes({ ...jittered, fireAt: jittered.nextAt }, jittered.nextAt, hourly)).toEqual({
    times: [{ at: jittered.nextAt, missed: null, isLate: false }],
    nextAt: at(11),
  });
});

it('calls no time late that had to wait for the jitter of the one before it', () => {
  const quarterly: Cron = {
    ...hourly,
    next: (_cron, _zone, after) => new Date((Math.floor(after.getTime() / (HOUR / 4)) + 1) * (HOUR / 4)),
  };
  const jittered = plan({ jitterSeconds: 3600 });
  let now = at(10);
  const seen: (string | null)[] = [];
  for (let nextAt: Date | null = jittered.nextAt; nextAt && now < at(40); ) {
    const due = dueTimes({ ...jittered, nextAt }, now, quarterly);
    seen.push(...due.times.map(({ missed }) => missed));
    nextAt = due.nextAt;
    now = new Date(now.getTime() + 1000);
  }
  expect(seen.length).toBeGreaterThan(100);
  expect(seen.filter((missed) => missed !== null)).toEqual([]);
});
