import { readdirSync, readFileSync } from 'node:fs';
import { hashPassword } from '@spiderhub/core';
import { createAdminStore } from '@spiderhub/db';
import { type Service, startService } from '../../support/service.ts';
import { Visitor } from './visitor.ts';

/** Guesses of each attack. `npm run test:attacks` sends ten thousand. */
const GUESSES = process.env.ATTACKS ? 10_000 : 300;
const AT_ONCE = 100;
const PASSWORD = 'seven green bicycles';

jest.setTimeout(process.env.ATTACKS ? 3_600_000 : 900_000);

let service: Service;
beforeAll(async () => {
  // Two processes: who has to wait has to wait at both.
  service = await startService({ workers: 0, env: { TRUST_PROXY: 'loopback', API_PROCESSES: '2' } });
});
afterAll(() => service.stop());

async function makeOwner(name: string): Promise<void> {
  await createAdminStore(service.db.database).createUser(name);
  const password_hash = await hashPassword(PASSWORD);
  await service.db.database('users').where({ name }).update({ password_hash });
}

async function signIn(visitor: Visitor, name: string, password: string, address: string): Promise<number> {
  const answer = await visitor.post('/console/session', { name, password }, { 'x-forwarded-for': address });
  await answer.arrayBuffer();
  return answer.status;
}

/** Sends wrong passwords for a name until all are answered; how often each status came. */
async function flood(
  name: string | ((i: number) => string),
  addressOf: (i: number) => string,
): Promise<Record<number, number>> {
  const counts: Record<number, number> = {};
  let next = 0;
  const guesser = async () => {
    const visitor = new Visitor(service.url);
    for (let i = next++; i < GUESSES; i = next++) {
      const who = typeof name === 'string' ? name : name(i);
      const status = await signIn(visitor, who, `guess number ${i}`, addressOf(i));
      counts[status] = (counts[status] ?? 0) + 1;
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, guesser));
  return counts;
}

interface Owner {
  statuses: Set<number>;
  /** ms */
  slowest: number;
}

/** Signs in again and again while something else goes on. */
async function meanwhile<T>(work: Promise<T>, again: () => Promise<number>): Promise<[T, Owner]> {
  const owner: Owner = { statuses: new Set(), slowest: 0 };
  let isOver = false;
  const end = work.finally(() => {
    isOver = true;
  });
  do {
    const startedAt = performance.now();
    owner.statuses.add(await again());
    owner.slowest = Math.max(owner.slowest, performance.now() - startedAt);
  } while (!isOver);
  return [await end, owner];
}

function say(what: string, counts: Record<number, number>, { slowest }: Owner): void {
  const words = `${GUESSES} guesses ${what}: ${JSON.stringify(counts)}, the owner waited ${Math.round(slowest)} ms at most`;
  process.stderr.write(`${words}\n`);
}

it('guesses from one address get a handful of answers, and the owner signs in from another one', async () => {
  await makeOwner('ann');
  const own = '203.0.113.7';
  const attack = flood('ann', () => '198.51.100.1');
  // A browser that has never been here.
  const [counts, owner] = await meanwhile(attack, () =>
    signIn(new Visitor(service.url), 'ann', PASSWORD, own),
  );
  say('from one address', counts, owner);
  expect(owner.statuses).toEqual(new Set([200]));
  // Ten a minute, and those that were under way when the tenth failed.
  const { 401: answered = 0, 429: refused = 0, ...others } = counts;
  expect(others).toEqual({});
  expect(answered).toBeLessThan(Math.max(60, GUESSES / 20));
  expect(answered + refused).toBe(GUESSES);
});

it('guesses from as many addresses get no further, and the owner signs in from the own browser', async () => {
  await makeOwner('bea');
  const own = '203.0.113.8';
  const browser = new Visitor(service.url);
  expect(await signIn(browser, 'bea', PASSWORD, own)).toBe(200);
  // Another password than before, so that only the browser speaks for its owner.
  const changed = 'nine blue umbrellas';
  await service.db
    .database('users')
    .where({ name: 'bea' })
    .update({ password_hash: await hashPassword(changed) });
  const attack = flood('bea', (i) => `10.${i >> 16}.${(i >> 8) & 255}.${i & 255}`);
  const [counts, owner] = await meanwhile(attack, () => signIn(browser, 'bea', changed, own));
  say('from as many addresses', counts, owner);
  expect(owner.statuses).toEqual(new Set([200]));
  const { 401: answered = 0, 429: refused = 0, ...others } = counts;
  expect(others).toEqual({});
  expect(answered + refused).toBe(GUESSES);
});

/** What the processes of the API have in memory, all together, MiB. */
function memory(): number {
  const parents = new Map<number, number>();
  for (const entry of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    try {
      const [, parent = '0'] = /\nPPid:\s+(\d+)/.exec(readFileSync(`/proc/${entry}/status`, 'utf8')) ?? [];
      parents.set(Number(entry), Number(parent));
    } catch {
      // It is gone by now.
    }
  }
  const main = service.api.child.pid ?? 0;
  const ours = [main, ...[...parents].filter(([, parent]) => parent === main).map(([pid]) => pid)];
  const kilobytes = ours.map((pid) => {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    return Number(/\nVmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0);
  });
  return kilobytes.reduce((sum, one) => sum + one, 0) / 1024;
}

it('guesses at as many names that nobody has, from as many addresses, get no further and fill no memory', async () => {
  await makeOwner('carl');
  const browser = new Visitor(service.url);
  expect(await signIn(browser, 'carl', PASSWORD, '203.0.113.9')).toBe(200);
  const before = memory();
  const attack = flood(
    (i) => `nobody-${i}`,
    (i) => `10.77.${i >> 8}.${i & 255}`,
  );
  const [counts, owner] = await meanwhile(attack, () => signIn(browser, 'carl', PASSWORD, '203.0.113.9'));
  say('at as many names', counts, owner);
  process.stderr.write(`The API grew from ${Math.round(before)} to ${Math.round(memory())} MiB\n`);
  expect(owner.statuses).toEqual(new Set([200]));
  const { 401: answered = 0, 429: refused = 0, ...others } = counts;
  expect(others).toEqual({});
  expect(answered + refused).toBe(GUESSES);
  // Two processes, each with what Node has not collected yet.
  expect(memory() - before).toBeLessThan(150);
});

it('a name that somebody has takes as long as one that nobody has', async () => {
  await makeOwner('dora');
  const times: Record<string, number[]> = { dora: [], 'not-dora': [] };
  for (let i = 0; i < 15; i++) {
    for (const [name, found] of Object.entries(times)) {
      const startedAt = performance.now();
      expect(await signIn(new Visitor(service.url), name, `wrong ${i}`, `192.0.2.${i}`)).toBe(401);
      found.push(performance.now() - startedAt);
    }
  }
  const median = (all: number[] = []) => all.toSorted((a, b) => a - b)[Math.floor(all.length / 2)] ?? 0;
  const ratio = median(times.dora) / median(times['not-dora']);
  process.stderr.write(`A name that there is takes ${ratio.toFixed(2)} times as long as another one\n`);
  // Without the work on a made-up hash it would be some twenty times as long.
  expect(ratio).toBeGreaterThan(0.4);
  expect(ratio).toBeLessThan(2.5);
});

it('guesses at names that nobody has, and through every door, are counted in the same way', async () => {
  const statuses: number[] = [];
  for (let i = 0; i < 12; i++) {
    statuses.push(await signIn(new Visitor(service.url), 'nobody', `guess ${i}`, '198.51.100.2'));
  }
  expect(statuses).toEqual([...Array(10).fill(401), 429, 429]);
});
