import { setTimeout as delay } from 'node:timers/promises';
import type { FaultyS3, S3Fault } from '@spiderhub/testkit';
import type { Fault } from './faults.ts';
import type { Random } from './random.ts';
import type { System } from './system.ts';

const MINUTE_MS = 60_000;

/** What S3 does to everybody at once, or to one process alone. */
export const S3_FAULTS: readonly Fault[] = [
  {
    name: 'slow S3',
    weight: 3,
    async act(system, random) {
      const slowMs = random.between(300, 6000);
      await forAWhile(system, random, { slowMs, fault: () => 'slow' });
    },
  },
  {
    name: 'S3 refuses connections',
    weight: 3,
    async act(system, random) {
      const chosen = some(system, random);
      for (const each of chosen) each.refuse();
      await delay(random.between(500, 15_000));
      for (const each of chosen) await each.accept();
    },
  },
  {
    name: 'S3 answers 503',
    weight: 3,
    act: (system, random) => forAWhile(system, random, { fault: mostly('busy') }),
  },
  {
    name: 'PUT to S3 cut in the middle',
    weight: 3,
    act: (system, random) =>
      forAWhile(system, random, { fault: ({ method }) => (method === 'PUT' ? 'cut upload' : 'none') }),
  },
  {
    // What was asked for has happened then.
    name: 'answer of S3 cut in the middle',
    weight: 2,
    act: (system, random) => forAWhile(system, random, { fault: mostly('cut answer') }),
  },
  {
    name: 'silent S3',
    weight: 1,
    act: (system, random) => forAWhile(system, random, { fault: () => 'silent' }),
  },
  {
    name: 'skewed clock of S3',
    weight: 2,
    async act(system, random) {
      const skewMs = random.pick([-1, 1]) * random.between(20, 600) * MINUTE_MS;
      await forAWhile(system, random, { skewMs });
    },
  },
];

const SOUND = { fault: () => 'none' as S3Fault, slowMs: 0, skewMs: 0 };

async function forAWhile(system: System, random: Random, how: Partial<FaultyS3>): Promise<void> {
  const chosen = some(system, random);
  for (const each of chosen) Object.assign(each, how);
  await delay(random.between(500, 12_000));
  for (const each of chosen) Object.assign(each, SOUND);
}

function some({ members }: System, random: Random): FaultyS3[] {
  const all = members.flatMap(({ s3 }) => s3 ?? []);
  return random.between(0, 1) === 0 ? all : [random.pick(all)];
}

/** Two of three: the seed's order of faults must not hang on how often S3 is asked. */
function mostly(fault: S3Fault): () => S3Fault {
  let calls = 0;
  return () => {
    calls += 1;
    return calls % 3 === 0 ? 'none' : fault;
  };
}
