import { type AttemptStore, type Confirmed, serviceErrors } from '@spiderhub/core';
import { createLogger } from '@spiderhub/platform';
import { createHeartbeat, type HeldAttempt } from './heartbeat.ts';

const log = createLogger({ name: 'test', level: 'silent' });
const WORKER = { id: 'w', host: 'h', slots: 2 };
const LEASE_MS = 600_000;

function setUp(answer: () => Confirmed[]) {
  const attempts = {
    register: async () => {},
    unregister: async () => {},
    heartbeat: async () => answer(),
  } as unknown as AttemptStore;
  return createHeartbeat({ attempts, worker: WORKER, leaseMs: LEASE_MS, log });
}

function held(id: number) {
  const heard: string[] = [];
  const one: HeldAttempt = {
    id,
    attempt: 1,
    counts: () => ({ items: 0, pages: 0, logs: 0, errors: 0 }),
    confirmed: () => heard.push('confirmed'),
    stopRequested: () => heard.push('stop'),
    fenced: () => heard.push('fenced'),
  };
  return { one, heard };
}

/** Runs one beat to its end: stopping waits for the beat that `soon` began. */
async function beatOnce(heartbeat: ReturnType<typeof setUp>): Promise<void> {
  await heartbeat.start();
  heartbeat.soon();
  await heartbeat.stop(AbortSignal.abort());
}

describe('a heartbeat', () => {
  it('prolongs what is confirmed, passes on stops and fences what is missing', async () => {
    const heartbeat = setUp(() => [
      { id: 1, attempt: 1, stopRequested: false, stopLevel: 0 },
      { id: 2, attempt: 1, stopRequested: true, stopLevel: 1 },
    ]);
    const all = [held(1), held(2), held(3)];
    for (const { one } of all) heartbeat.hold(one);
    await beatOnce(heartbeat);
    expect(all.map(({ heard }) => [...new Set(heard)])).toEqual([
      ['confirmed'],
      ['confirmed', 'stop'],
      ['fenced'],
    ]);
  });

  it('lets crawls live while the database refuses everybody', async () => {
    const heartbeat = setUp(() => {
      throw serviceErrors.unavailable('the database', new Error('x'), true);
    });
    const { one, heard } = held(1);
    heartbeat.hold(one);
    await beatOnce(heartbeat);
    expect(new Set(heard)).toEqual(new Set(['confirmed']));
  });

  it('lets deadlines pass when it may only be us who are cut off', async () => {
    const heartbeat = setUp(() => {
      throw serviceErrors.unavailable('the database', new Error('x'));
    });
    const { one, heard } = held(1);
    heartbeat.hold(one);
    await beatOnce(heartbeat);
    expect(heard).toEqual([]);
  });

  it('forgets what was dropped', async () => {
    const heartbeat = setUp(() => []);
    const { one, heard } = held(1);
    heartbeat.hold(one);
    heartbeat.drop(one);
    await beatOnce(heartbeat);
    expect(heard).toEqual([]);
  });
});
