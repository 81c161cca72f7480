import { hashPassword } from '@spiderhub/core';
import { createAdminStore } from '@spiderhub/db';
import { type Service, startService } from '../../support/service.ts';
import { Visitor } from './visitor.ts';

/** Guesses of each attack. `npm run test:attacks` sends ten thousand. */
const GUESSES = process.env.ATTACKS ? 10_000 : 300;
const AT_ONCE = 100;
const PASSWORD = 'seven green bicycles';

jest.setTimeout(900_000);

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
async function flood(name: string, addressOf: (i: number) => string): Promise<Record<number, number>> {
  const counts: Record<number, number> = {};
  let next = 0;
  const guesser = async () => {
    const visitor = new Visitor(service.url);
    for (let i = next++; i < GUESSES; i = next++) {
      const status = await signIn(visitor, name, `guess number ${i}`, addressOf(i));
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

it('guesses at names that nobody has, and through every door, are counted in the same way', async () => {
  const statuses: number[] = [];
  for (let i = 0; i < 12; i++) {
    statuses.push(await signIn(new Visitor(service.url), 'nobody', `guess ${i}`, '198.51.100.2'));
  }
  expect(statuses).toEqual([...Array(10).fill(401), 429, 429]);
});
