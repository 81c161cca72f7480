import { setTimeout as delay } from 'node:timers/promises';
import type { Random } from '../harness/random.ts';
import type { Trial } from './trial.ts';

export interface Work {
  acknowledged: Set<string>;
  refused: number;
}

/** Jobs that wait or run at the same time. */
const OUTSTANDING = 60;
const CLIENTS = 4;
const LOOK_MS = 500;
/** One of so many crawls lives for longer than a lease. */
const LONG_ONE_OF = 25;

/** Schedules jobs through both API machines until so many were taken, or until `isOver`. */
export async function giveWork(
  trial: Trial,
  { jobs, random, isOver }: { jobs: number; random: Random; isOver: () => boolean },
): Promise<Work> {
  const work: Work = { acknowledged: new Set(), refused: 0 };
  let open = 0;
  let scheduled = 0;
  const isEnough = () => work.acknowledged.size >= jobs || isOver();

  async function watch(): Promise<void> {
    while (!isEnough()) {
      const [row] = await trial
        .database('jobs')
        .whereNot({ state: 'finished' })
        .count<{ count: string }[]>('* as count')
        .catch(() => []);
      if (row) open = Number(row.count);
      await delay(LOOK_MS);
    }
  }

  async function schedule(): Promise<void> {
    scheduled += 1;
    const isLong = random.between(1, LONG_ONE_OF) === 1;
    const form = {
      project: String(trial.team.project),
      spider: 'count',
      witness: trial.witness,
      run: String(scheduled),
      items: String(isLong ? random.between(100, 200) : random.between(3, 15)),
      gap_ms: String(isLong ? 100 : random.between(0, 10)),
      padding: String(random.pick([0, 0, 0, 500, 4000])),
      priority: String(random.between(0, 4)),
    };
    const answer = await trial.call('/api/run.json', form, scheduled % 2);
    const body = (await answer.json()) as { status?: string; jobid?: string };
    if (body.status !== 'ok' || !body.jobid) throw new Error('refused');
    work.acknowledged.add(body.jobid);
    open += 1;
  }

  async function client(): Promise<void> {
    while (!isEnough()) {
      if (open >= OUTSTANDING) await delay(50);
      else
        await schedule().catch(async () => {
          work.refused += 1;
          await delay(200);
        });
    }
  }

  await Promise.all([watch(), ...Array.from({ length: CLIENTS }, client)]);
  return work;
}
