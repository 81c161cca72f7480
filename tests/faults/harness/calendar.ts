import { setTimeout as delay } from 'node:timers/promises';
import { eventually } from '@spiderhub/testkit';
import type { Random } from './random.ts';
import type { System } from './system.ts';

/** Periodic jobs that run along while things break. */
export interface Calendar {
  /** Makes no more of them, and disables those that would go on for ever once all that was planned has its row. */
  end(): Promise<void>;
  /** Compares what was planned with the rows and the jobs, in words; empty when each planned time has its row. */
  judge(): Promise<string[]>;
  /** Planned times with a row, by what came of them. */
  outcomes(): Promise<Record<string, number>>;
}

export interface CalendarOptions {
  system: System;
  random: Random;
  /** How often a plan for a single moment is made, and one of the others is run now, ms. */
  everyMs: number;
  /** Everything has to have its row within so long after the end, ms. */
  patienceMs: number;
}

const OVERLAPS = ['skip', 'allow', 'queue', 'replace'] as const;
const AHEAD_MS = 4000;
const MINUTE_MS = 60_000;
/** Clocks of this process and of Postgres are those of one machine, but numbers are rounded. */
const ROUNDING_MS = 1500;

interface Row {
  id: number;
  cron: string;
  created_at: Date;
  next_at: Date | null;
  planned: { planned_at: string; fired_at: string; outcome: string; jobs: string[] }[];
}

const ROWS = `
  select p.id, p.cron, p.created_at, p.next_at, coalesce((
    select json_agg(json_build_object('planned_at', r.planned_at, 'fired_at', r.fired_at, 'outcome', r.outcome, 'jobs', r.jobs))
    from periodic_runs r where r.periodic_id = p.id), '[]') as planned
  from periodic_jobs p order by p.id`;

/** Asks the API for periodic jobs of all kinds, whatever becomes of the calls. */
export function startCalendar({ system, random, everyMs, patienceMs }: CalendarOptions): Calendar {
  const made = new Set<number>();
  const nows: { id: number; from: number; to: number }[] = [];
  let ending = false;
  let endedAt = 0;
  let plans = 0;

  async function call(path: string, body: object, method = 'POST'): Promise<Record<string, unknown> | null> {
    const answer = await system
      .json(`/console/projects/${system.team.project}/schedules${path}`, body, method, random.between(0, 1))
      .catch(() => null);
    return answer?.ok ? ((await answer.json().catch(() => null)) as Record<string, unknown> | null) : null;
  }

  function plan(cron: string, more: object, items: number) {
    plans += 1;
    const args = { witness: system.witness, run: `periodic ${plans}`, items: String(items), gap_ms: '50' };
    return { cron, timezone: 'UTC', tasks: [{ spider: 'count', args }], ...more };
  }

  async function add(body: object): Promise<void> {
    const answer = await call('', body);
    if (typeof answer?.id === 'number') made.add(answer.id);
  }

  /** Each minute, for ever, one for each rule of overlaps; their crawls live long enough to meet each other. */
  async function addEndless(): Promise<void> {
    for (const overlap of OVERLAPS) {
      const catchup = random.pick(['one', 'all']);
      await add(plan('* * * * *', { overlap, catchup, description: 'endless' }, 150));
    }
  }

  async function runNow(): Promise<void> {
    const endless = [...made].slice(0, OVERLAPS.length);
    if (endless.length === 0) return;
    const id = random.pick(endless);
    const from = Date.now();
    if (await call(`/${id}/run`, {})) nows.push({ id, from, to: Date.now() });
  }

  async function live(): Promise<void> {
    await addEndless();
    while (!ending) {
      const at = new Date(Date.now() + AHEAD_MS).toISOString().slice(0, 19);
      const catchup = random.pick(['skip', 'one', 'all']);
      await add(plan(at, { catchup, jitterSeconds: random.pick([0, 3]) }, random.between(2, 10)));
      await runNow();
      await delay(everyMs);
    }
  }

  async function rows(): Promise<Row[]> {
    return (await system.database.raw<{ rows: Row[] }>(ROWS)).rows;
  }

  const life = live();
  return {
    async end() {
      ending = true;
      await life;
      endedAt = Date.now() + AHEAD_MS;
      await eventually(
        async () => {
          const waiting = (await rows()).filter(({ next_at }) => next_at && next_at.getTime() <= endedAt);
          if (waiting.length > 0) throw new Error(`${waiting.length} periodic jobs did not fire`);
        },
        { timeoutMs: patienceMs + AHEAD_MS, everyMs: 250 },
      ).catch(() => undefined);
      await system.database('periodic_jobs').where({ description: 'endless' }).update({ disabled: true });
    },
    async judge() {
      const all = await rows();
      const keys = new Set(
        (await system.database('jobs').select('project_id', 'spider', 'number')).map(
          (job) => `${job.project_id}/${job.spider}/${job.number}`,
        ),
      );
      const gone = [...made].filter((id) => !all.some((row) => row.id === id));
      const started = all.flatMap(({ planned }) => planned.flatMap(({ jobs }) => jobs));
      const byCalendar = await system
        .database('jobs')
        .where({ scheduled_by: 'periodicjobs' })
        .count({ n: '*' })
        .first();
      return [
        ...gone.map((id) => `periodic job ${id} was acknowledged and is gone`),
        ...all.flatMap((row) => unfired(row, endedAt)),
        ...nows
          .filter((now) => !wasKept(all, now))
          .map(({ id, from }) => `periodic job ${id} was to run at ${iso(from)}, and has no row of it`),
        ...started
          .filter((key) => !keys.has(key))
          .map((key) => `${key} was started by a periodic job and is gone`),
        ...(new Set(started).size === started.length
          ? []
          : ['a job stands in the rows of two planned times']),
        ...(Number(byCalendar?.n) === started.length
          ? []
          : [`${byCalendar?.n} jobs were made by periodic jobs, ${started.length} stand in their rows`]),
      ];
    },
    async outcomes() {
      const counts: Record<string, number> = {};
      for (const { outcome } of (await rows()).flatMap(({ planned }) => planned))
        counts[outcome] = (counts[outcome] ?? 0) + 1;
      return counts;
    },
  };
}

/** Planned times of one that have no row. */
function unfired({ id, cron, created_at, planned }: Row, endedAt: number): string[] {
  const has = new Set(planned.map(({ planned_at }) => Date.parse(planned_at)));
  return plannedTimes(cron, created_at.getTime(), endedAt)
    .filter((at) => !has.has(at))
    .map((at) => `periodic job ${id} (${cron}) has no row for ${iso(at)}`);
}

function plannedTimes(cron: string, from: number, to: number): number[] {
  if (cron !== '* * * * *') {
    const at = Date.parse(`${cron}Z`);
    // One that came to the service when its moment was over was never planned.
    return at > from + ROUNDING_MS && at <= to ? [at] : [];
  }
  const first = Math.ceil((from + ROUNDING_MS) / MINUTE_MS) * MINUTE_MS;
  const times: number[] = [];
  for (let at = first; at <= to - MINUTE_MS / 10; at += MINUTE_MS) times.push(at);
  return times;
}

/** Whether something was fired because somebody said "now". One that waited already counts: it is what runs then. */
function wasKept(all: readonly Row[], { id, from, to }: { id: number; from: number; to: number }): boolean {
  const planned = all.find((row) => row.id === id)?.planned ?? [];
  return planned.some(
    ({ planned_at, fired_at }) =>
      Date.parse(fired_at) >= from - ROUNDING_MS && Date.parse(planned_at) <= to + ROUNDING_MS,
  );
}

const iso = (at: number) => new Date(at).toISOString();
