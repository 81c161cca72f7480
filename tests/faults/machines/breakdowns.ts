import { setTimeout as delay } from 'node:timers/promises';
import type { Random } from '../harness/random.ts';
import type { Trial } from './trial.ts';

/** Something that happens to machines; returns when it is over. */
export interface Breakdown {
  name: string;
  weight: number;
  act(trial: Trial, random: Random, leaseMs: number): Promise<void>;
}

export const BREAKDOWNS: readonly Breakdown[] = [
  {
    name: 'a worker machine loses its power',
    weight: 4,
    async act({ workers }, random, leaseMs) {
      const machine = random.pick(workers);
      await machine.ready();
      await machine.kill(random.between(500, leaseMs * 2));
      await machine.ready();
    },
  },
  {
    name: 'a worker machine is cut off',
    weight: 4,
    async act({ workers, network }, random, leaseMs) {
      const { name } = random.pick(workers);
      network.cut(name);
      await delay(random.between(1000, leaseMs * 3));
      network.mend(name);
    },
  },
  {
    name: 'an API machine loses its power',
    weight: 2,
    async act({ apis }, random, leaseMs) {
      const machine = random.pick(apis);
      await machine.ready();
      await machine.kill(random.between(500, leaseMs));
      await machine.ready();
    },
  },
  {
    name: 'an API machine is cut off',
    weight: 2,
    async act({ apis, network }, random, leaseMs) {
      const { name } = random.pick(apis);
      network.cut(name);
      await delay(random.between(1000, leaseMs * 2));
      network.mend(name);
    },
  },
  {
    name: 'kill -9 of the Valkey in charge',
    weight: 1,
    act: ({ valkey }, random) => valkey.killMaster(random.between(0, 5000)),
  },
  {
    name: 'kill -9 of Postgres',
    weight: 1,
    async act({ servers, postgres }, random, leaseMs) {
      await servers.kill('postgres');
      postgres.refuse();
      await delay(random.between(0, leaseMs));
      await servers.restart('postgres');
      await postgres.accept();
    },
  },
  {
    name: 'S3 refuses connections',
    weight: 1,
    async act({ s3 }, random, leaseMs) {
      s3.refuse();
      await delay(random.between(1000, leaseMs * 3));
      await s3.accept();
    },
  },
];

export function pickBreakdown(random: Random): Breakdown {
  return random.pick(BREAKDOWNS.flatMap((each) => Array<Breakdown>(each.weight).fill(each)));
}
