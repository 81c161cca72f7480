import { setTimeout as delay } from 'node:timers/promises';
import { eventually } from '@spiderhub/testkit';
import { startCalendar } from './calendar.ts';
import { type Fault, pickFault, possibleFaults } from './faults.ts';
import { type Listener, startListener } from './listener.ts';
import { startLoad } from './load.ts';
import { watchObjects } from './objects.ts';
import { createRandom, type Random } from './random.ts';
import { type System, startSystem } from './system.ts';
import { type Verdict, verify } from './verify.ts';

export interface ChaosOptions {
  seed: number;
  /** How long things are broken, s. */
  seconds: number;
  leaseSeconds?: number;
  /** Build of the service to run. */
  checkout?: string;
  say?: (line: string) => void;
  /** Only these, each as often as the others. */
  only?: readonly string[];
  /** Few crawls, each for many leases: for guards of which only those can tell. */
  onlyLong?: boolean;
}

export interface ChaosReport extends Verdict {
  seed: number;
  acknowledged: number;
  refused: number;
  stops: number;
  faults: Record<string, number>;
  /** Faults that cannot happen on this machine. */
  skipped: string[];
  /** Planned times of periodic jobs, by what came of them. */
  planned: Record<string, number>;
  /** Events that a webhook got. */
  webhook: ReturnType<Listener['figures']>;
  /** Where streams are objects: how many, and what is left besides. */
  objects?: Record<string, number>;
}

const SLOTS = 3;
/** How often plans are made, ms; seldom where crawls are to be few. */
const PLAN_MS = 5000;
const LONG_PLAN_MS = 60_000;
const OUTSTANDING = 12;
/** Leaves a slot free for what has to begin again. */
const FEW = 4;
/** After the last fault everything has to come to its end in this many leases. */
const SETTLE_LEASES = 40;

/** Runs the whole system under load and faults that the seed decides, lets it come to rest, and judges. */
export async function runChaos(options: ChaosOptions): Promise<ChaosReport> {
  const { seed, seconds, leaseSeconds = 6, say = () => {}, only, onlyLong = false } = options;
  const leaseMs = leaseSeconds * 1000;
  const random = createRandom(seed);
  const system = await startSystem({
    leaseSeconds,
    slots: SLOTS,
    ...(options.checkout && { checkout: options.checkout }),
  });
  try {
    await system.deploy();
    await retryLostAttempts(system);
    const possible = possibleFaults(system);
    const faults = only ? possible.filter(({ name }) => only.includes(name)) : possible;
    const listener = await startListener(system, createRandom(seed + 2));
    const calendar = startCalendar({
      system,
      random: createRandom(seed + 3),
      everyMs: onlyLong ? LONG_PLAN_MS : PLAN_MS,
      patienceMs: leaseMs * SETTLE_LEASES,
    });
    const load = startLoad({
      system,
      random: createRandom(seed + 1),
      outstanding: onlyLong ? FEW : OUTSTANDING,
      onlyLong,
    });
    const objects = watchObjects(system);
    const done = await breakThings(system, { faults, random, leaseMs, seconds, say });
    say('letting it come to rest');
    await load.end();
    await calendar.end();
    await untilAtRest(system, leaseMs * SETTLE_LEASES + 30_000).catch((error: unknown) => say(String(error)));
    await listener.end(leaseMs * SETTLE_LEASES + 30_000);
    const verdict = await verify(system, load);
    objects?.end();
    verdict.violations.push(
      ...(await calendar.judge()),
      ...(await listener.judge()),
      ...((await objects?.judge()) ?? []),
    );
    for (const violation of verdict.violations) say(`VIOLATION: ${violation}`);
    return {
      ...verdict,
      seed,
      acknowledged: load.acknowledged.size,
      refused: load.refused,
      stops: load.stopsAsked.size,
      faults: done,
      planned: await calendar.outcomes(),
      webhook: listener.figures(),
      ...(objects && { objects: await objects.figures() }),
      skipped: system.smallDisk ? [] : ['full disk (only root can mount one)'],
    };
  } finally {
    await system.stop();
  }
}

/** Faults would use up a job's usual number of tries. */
async function retryLostAttempts({ database, team }: System): Promise<void> {
  await database('projects')
    .where({ id: team.project })
    .update({ policy: JSON.stringify({ retryOn: ['lost'], maxAttempts: 1000 }) });
}

interface Breaking {
  faults: readonly Fault[];
  random: Random;
  leaseMs: number;
  seconds: number;
  say: (line: string) => void;
}

async function breakThings(
  system: System,
  { faults, random, leaseMs, seconds, say }: Breaking,
): Promise<Record<string, number>> {
  const done: Record<string, number> = {};
  const startedAt = performance.now();
  const until = startedAt + seconds * 1000;
  while (performance.now() < until) {
    await delay(random.between(500, 2500));
    const fault = pickFault(faults, random);
    say(`${((performance.now() - startedAt) / 1000).toFixed(1)} s: ${fault.name}`);
    // Some come together with another one.
    const together = random.between(1, 4) === 1 ? [fault, pickFault(faults, random)] : [fault];
    for (const { name } of together) done[name] = (done[name] ?? 0) + 1;
    await Promise.all(
      together.map((each) =>
        each
          .act(system, random, leaseMs)
          .catch((error: unknown) => say(`${each.name} could not be done: ${String(error)}`)),
      ),
    );
  }
  return done;
}

async function untilAtRest({ database }: System, timeoutMs: number): Promise<void> {
  await eventually(
    async () => {
      const [open] = await database('jobs')
        .whereNot({ state: 'finished' })
        .count<{ count: string }[]>('* as count');
      if (Number(open?.count) > 0) throw new Error(`${open?.count} jobs did not end`);
    },
    { timeoutMs, everyMs: 250 },
  );
}
