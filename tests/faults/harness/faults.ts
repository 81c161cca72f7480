import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { treeOf } from '../../support/tree.ts';
import type { Member } from './fleet.ts';
import type { Random } from './random.ts';
import { S3_FAULTS } from './s3-faults.ts';
import type { System } from './system.ts';
import type { TcpProxy } from './tcp-proxy.ts';

/** Breaks something; returns when it works again. */
export interface Fault {
  name: string;
  /** How often it comes, compared with the others. */
  weight: number;
  act(system: System, random: Random, leaseMs: number): Promise<void>;
}

export const FAULTS: readonly Fault[] = [
  {
    name: 'kill -9 of a worker',
    weight: 4,
    async act({ workers }, random, leaseMs) {
      await restarted(random.pick(workers), 'SIGKILL', random.between(0, leaseMs * 1.5));
    },
  },
  {
    name: 'kill -9 of both workers',
    weight: 1,
    async act({ workers }, random, leaseMs) {
      const downMs = random.between(0, leaseMs * 1.5);
      await Promise.all(workers.map((worker) => restarted(worker, 'SIGKILL', downMs)));
    },
  },
  {
    // The slots of the dead worker still count for a while, so tickets wait in Redis when it forgets them.
    name: 'kill -9 of a worker and FLUSHALL',
    weight: 2,
    async act({ workers, servers }, random) {
      const restart = restarted(random.pick(workers), 'SIGKILL', 4000);
      await delay(random.between(1500, 3500));
      await flushAll(servers.redisSocket);
      await restart;
    },
  },
  {
    name: 'kill -9 of an API process',
    weight: 2,
    async act({ apis }, random) {
      await restarted(random.pick(apis).member, 'SIGKILL', random.between(0, 1500));
    },
  },
  {
    name: 'polite restart of a worker',
    weight: 2,
    async act({ workers }, random) {
      await restarted(random.pick(workers), 'SIGTERM', 0);
    },
  },
  {
    name: 'worker frozen beyond its lease',
    weight: 3,
    async act({ workers }, random, leaseMs) {
      await frozen(random.pick(workers), random.between(leaseMs * 1.1, leaseMs * 4));
    },
  },
  {
    name: 'API process frozen',
    weight: 1,
    async act({ apis }, random, leaseMs) {
      await frozen(random.pick(apis).member, random.between(500, leaseMs));
    },
  },
  {
    name: 'FLUSHALL',
    weight: 2,
    act: ({ servers }) => flushAll(servers.redisSocket),
  },
  {
    name: 'kill -9 of Redis',
    weight: 2,
    async act(system, random) {
      await serverDown(system, 'redis', random.between(0, 4000));
    },
  },
  {
    name: 'kill -9 of Postgres',
    weight: 2,
    async act(system, random, leaseMs) {
      await serverDown(system, 'postgres', random.between(0, leaseMs * 1.5));
    },
  },
  {
    name: 'kill -9 of one Postgres backend',
    weight: 1,
    async act({ database }) {
      const { rows } = await database.raw<{ rows: { pid: number }[] }>(
        "select pid from pg_stat_activity where application_name = 'spiderhub-worker' limit 1",
      );
      if (rows[0]) process.kill(rows[0].pid, 'SIGKILL');
    },
  },
  {
    name: 'connections cut',
    weight: 3,
    async act({ members }, random) {
      const times = random.between(1, 5);
      for (let n = 0; n < times; n++) {
        proxyOf(random.pick(members), random).cut();
        await delay(random.between(0, 300));
      }
    },
  },
  {
    name: 'half-open connections',
    weight: 3,
    async act({ members }, random, leaseMs) {
      const proxy = proxyOf(random.pick(members), random);
      proxy.freeze();
      await delay(random.between(500, leaseMs * 2));
      if (random.between(0, 1) === 0) proxy.cut();
      proxy.thaw();
    },
  },
  {
    name: 'kill -9 of a shim',
    weight: 1,
    async act({ home }, random) {
      const shims = shimsBelow(join(home, 'work'));
      if (shims.length > 0) killIfThere(random.pick(shims));
    },
  },
  {
    name: 'full disk',
    weight: 1,
    async act({ smallDisk }, random) {
      if (!smallDisk) return;
      const filler = join(smallDisk, 'filler');
      fill(filler);
      await delay(random.between(500, 3000));
      rmSync(filler, { force: true });
    },
  },
];

/** The faults that can happen here. */
export function possibleFaults(system: System): Fault[] {
  const here = FAULTS.filter((fault) => fault.name !== 'full disk' || system.smallDisk !== null);
  return system.storage.objects ? [...here, ...S3_FAULTS] : here;
}

export function pickFault(faults: readonly Fault[], random: Random): Fault {
  return random.pick(faults.flatMap((fault) => Array<Fault>(fault.weight).fill(fault)));
}

async function restarted(member: Member, signal: NodeJS.Signals, downMs: number): Promise<void> {
  await member.ready();
  member.signal(signal, downMs);
  await delay(50);
  await member.ready();
}

async function frozen(member: Member, ms: number): Promise<void> {
  await member.ready();
  member.signal('SIGSTOP');
  await delay(ms);
  member.signal('SIGCONT');
}

function proxyOf(member: Member, random: Random): TcpProxy {
  return random.between(0, 2) === 0 ? member.redis : member.postgres;
}

/** Nothing listens while a server is down, so connections are refused and not only cut. */
async function serverDown(system: System, name: 'postgres' | 'redis', ms: number): Promise<void> {
  const proxies = system.members.map((member) => member[name]);
  await system.servers.kill(name);
  for (const proxy of proxies) proxy.refuse();
  await delay(ms);
  await system.servers.restart(name);
  for (const proxy of proxies) await proxy.accept();
}

async function flushAll(socket: string): Promise<void> {
  const { Redis } = await import('ioredis');
  const redis = new Redis({ path: socket, maxRetriesPerRequest: 1, retryStrategy: () => 100 });
  redis.on('error', () => {});
  await redis.flushall().catch(() => undefined);
  redis.disconnect();
}

function shimsBelow(work: string): number[] {
  return treeOf(work)
    .filter(({ entry }) => entry.name === 'shim.json')
    .flatMap(({ path }) => {
      try {
        return [(JSON.parse(readFileSync(path, 'utf8')) as { pid: number }).pid];
      } catch {
        return [];
      }
    });
}

function killIfThere(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It ended meanwhile.
  }
}

function fill(path: string): void {
  const megabyte = Buffer.alloc(1 << 20);
  for (const piece of [megabyte, megabyte.subarray(0, 4096)]) {
    try {
      for (;;) writeFileSync(path, piece, { flag: 'a' });
    } catch (error) {
      if ((error as { code?: unknown }).code !== 'ENOSPC') throw error;
    }
  }
}
