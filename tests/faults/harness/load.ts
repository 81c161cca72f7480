import type { Random } from './random.ts';
import type { System } from './system.ts';

/** What clients saw of the system. */
export interface Load {
  /** Keys of jobs that an API process said it had taken. */
  readonly acknowledged: Set<string>;
  readonly stopsAsked: Set<string>;
  /** Calls that got no answer, or an error. */
  readonly refused: number;
  /** Resolves when the last call has been answered. */
  end(): Promise<void>;
}

export interface LoadOptions {
  system: System;
  random: Random;
  /** Jobs that may wait or run at the same time; more are scheduled as these end. */
  outstanding: number;
  /** Every crawl lives for many leases. */
  onlyLong: boolean;
}

const PAUSE_MS = 150;
const TURN_MS = 15_000;
/** Characters that each item of a crawl has besides: some streams get an object while they are written, some at their end. */
const PADDINGS = [0, 0, 0, 0, 2000, 2000, 10_000, 120_000];

/** Schedules jobs through both API processes, as long as few enough are open, and stops some of them. */
export function startLoad({ system, random, outstanding, onlyLong }: LoadOptions): Load {
  const acknowledged = new Set<string>();
  const stopsAsked = new Set<string>();
  const project = String(system.team.project);
  let refused = 0;
  let scheduled = 0;
  let ending = false;

  async function schedule(): Promise<void> {
    scheduled += 1;
    const form = {
      project,
      spider: 'count',
      witness: system.witness,
      run: String(scheduled),
      // Some live for many leases: only those can show that they outlived one.
      items: String(onlyLong ? 200 : random.pick([random.between(5, 40), random.between(100, 200)])),
      gap_ms: String(onlyLong ? 150 : random.between(10, 200)),
      priority: String(random.between(0, 4)),
      // With files nothing depends on sizes; objects are made of what is large, and of what is small together.
      ...(system.storage.objects && { padding: String(random.pick(PADDINGS)) }),
    };
    const answer = await system.call('/api/run.json', form, random.between(0, 1));
    const body = (await answer.json()) as { status?: string; jobid?: string };
    if (body.status === 'ok' && body.jobid) acknowledged.add(body.jobid);
    else refused += 1;
  }

  async function stopOne(): Promise<void> {
    const job = random.pick([...acknowledged].slice(-outstanding));
    const answer = await system.call('/api/jobs/stop.json', { project, job }, random.between(0, 1));
    const body = (await answer.json()) as { status?: string };
    if (body.status === 'ok') stopsAsked.add(job);
  }

  /** Null while Postgres is away. */
  async function open(): Promise<number | null> {
    return system
      .database('jobs')
      .whereIn('state', ['pending', 'admitted', 'running'])
      .count<{ count: string }[]>('* as count')
      .then(([row]) => Number(row?.count))
      .catch(() => null);
  }

  /** Busy and calm by turns: only where slots are free can a lost attempt begin again at once. */
  function wanted(): number {
    const isCalm = Math.floor(performance.now() / TURN_MS) % 2 === 0;
    return isCalm ? outstanding / 4 : outstanding;
  }

  async function client(): Promise<void> {
    while (!ending) {
      const now = await open();
      try {
        if (now === null || now < wanted()) await schedule();
        else if (random.between(1, 120) === 1) await stopOne();
      } catch {
        refused += 1;
      }
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    }
  }

  const clients = [client(), client()];
  return {
    acknowledged,
    stopsAsked,
    get refused() {
      return refused;
    },
    async end() {
      ending = true;
      await Promise.all(clients);
    },
  };
}
