import { setTimeout as delay } from 'node:timers/promises';
import { eventually } from '@spiderhub/testkit';
import { watchObjects } from './harness/objects.ts';
import { createRandom } from './harness/random.ts';
import { judge } from './harness/verify.ts';
import { readWitness } from './harness/witness.ts';
import { pickBreakdown } from './machines/breakdowns.ts';
import { lackOfNamespaces } from './machines/network.ts';
import { startTrial, type Trial } from './machines/trial.ts';
import { giveWork } from './machines/work.ts';

/** `npm run test:machines` only: it takes minutes to hours, and needs root. */
const JOBS = Number(process.env.MACHINES_JOBS ?? 0);
const MINUTES = Number(process.env.MACHINES_MINUTES ?? 20);
const SEED = Number(process.env.MACHINES_SEED ?? 1);
const LEASE_SECONDS = 10;
const SLOTS = Number(process.env.MACHINES_SLOTS ?? 3);
/** Between two breakdowns, ms: as long as this one on average. */
const PAUSE_MS = Number(process.env.MACHINES_PAUSE ?? 12) * 1000;

const lack = JOBS > 0 ? lackOfNamespaces() : null;
if (lack !== null) process.stderr.write(`The trial of machines is skipped: ${lack}\n`);
const itWhereAsked = JOBS > 0 && lack === null ? it : it.skip;

jest.setTimeout((MINUTES + 60) * 60_000);
const say = (words: string) => process.stderr.write(`${words}\n`);

itWhereAsked(
  'machines without a disk in common lose no job, run none twice at once and leave no gap',
  async () => {
    const trial = await startTrial({ leaseSeconds: LEASE_SECONDS, slots: SLOTS });
    try {
      await trial.deploy();
      // Breakdowns would use up a job's usual number of tries.
      await trial
        .database('projects')
        .where({ id: trial.team.project })
        .update({ policy: JSON.stringify({ retryOn: ['lost'], maxAttempts: 1000 }) });
      const until = Date.now() + MINUTES * 60_000;
      const beganAt = performance.now();
      let isDone = false;
      const objects = watchObjects(trial);
      const breaking = breakMachines(trial, () => isDone);
      const work = await giveWork(trial, {
        jobs: JOBS,
        random: createRandom(SEED + 1),
        isOver: () => Date.now() > until,
      });
      isDone = true;
      const done = await breaking;
      say('letting it come to rest');
      await eventually(
        async () =>
          expect(await trial.database('jobs').whereNot({ state: 'finished' }).count()).toEqual([
            { count: '0' },
          ]),
        { timeoutMs: 10 * 60_000, everyMs: 500 },
      ).catch((error: unknown) => say(String(error)));
      const seconds = (performance.now() - beganAt) / 1000;
      objects?.end();
      const report = await judged(trial, work.acknowledged);
      report.violations.push(...((await objects?.judge()) ?? ['streams are files']));
      const figures = await objects?.figures();
      const more = { seed: SEED, seconds, refused: work.refused, breakdowns: done, objects: figures };
      say(JSON.stringify({ ...more, ...report }, null, 2));
      expect(report.violations).toEqual([]);
      expect(report.jobs).toBeGreaterThan(0);
    } finally {
      await trial.stop();
    }
  },
);

async function breakMachines(trial: Trial, isDone: () => boolean): Promise<Record<string, number>> {
  const random = createRandom(SEED);
  const done: Record<string, number> = {};
  const startedAt = performance.now();
  while (!isDone()) {
    await delay(random.between(PAUSE_MS * 0.4, PAUSE_MS * 1.6));
    const breakdown = pickBreakdown(random);
    say(`${((performance.now() - startedAt) / 1000).toFixed(1)} s: ${breakdown.name}`);
    done[breakdown.name] = (done[breakdown.name] ?? 0) + 1;
    await breakdown
      .act(trial, random, LEASE_SECONDS * 1000)
      .catch((error: unknown) => say(`${breakdown.name} could not be done: ${String(error)}`));
  }
  return done;
}

async function judged({ database, storage, workers, apis }: Trial, acknowledged: ReadonlySet<string>) {
  const executions = workers.flatMap(({ disk }) => readWitness(`${disk}/witness`));
  const verdict = await judge({ database, streams: storage.streams, executions, acknowledged });
  const machines = new Map(workers.map(({ name, disk }) => [name, readWitness(`${disk}/witness`).length]));
  for (const { crashes } of [...workers, ...apis]) verdict.violations.push(...crashes);
  return { ...verdict, executionsBy: Object.fromEntries(machines) };
}
