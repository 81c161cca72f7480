import { randomBytes } from 'node:crypto';
import {
  createSignalListener,
  createSignalSender,
  createTicketReceiver,
  createTicketSender,
} from '@spiderhub/queue';
import { eventually } from '@spiderhub/testkit';
import { Redis } from 'ioredis';
import { redisAddress } from '../support/redis.ts';

const redis = redisAddress();
const closers: (() => unknown)[] = [];
let prefix: string;

beforeEach(() => {
  prefix = `test-${randomBytes(6).toString('hex')}`;
});
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
  const client = new Redis(redis);
  const keys = await client.keys(`${prefix}:*`);
  if (keys.length > 0) await client.del(keys);
  client.disconnect();
});

function sender() {
  const made = createTicketSender({ redis, prefix });
  closers.push(() => made.close());
  return made;
}

function receiver(slots: number, work: (id: number, attempt: number) => Promise<void>) {
  const made = createTicketReceiver({ redis, prefix, slots, work });
  closers.push(() => made.close());
}

describe('tickets', () => {
  it('arrive by priority 4 to 0, and in order inside a priority', async () => {
    const seen: number[] = [];
    const priorities = [0, 2, 4, 2, 1, 3, 4] as const;
    await sender().send(priorities.map((priority, i) => ({ id: i + 1, attempt: 1, priority })));
    receiver(1, async (id) => {
      seen.push(id);
    });
    await eventually(() => expect(seen).toEqual([3, 7, 6, 2, 4, 5, 1]));
  });

  it('are never in more hands than there are slots', async () => {
    let running = 0;
    let most = 0;
    let done = 0;
    receiver(3, async () => {
      running += 1;
      most = Math.max(most, running);
      await new Promise((resolve) => setImmediate(resolve));
      running -= 1;
      done += 1;
    });
    await sender().send(Array.from({ length: 30 }, (_, i) => ({ id: i + 1, attempt: 1, priority: 2 })));
    await eventually(() => expect(done).toBe(30));
    expect(most).toBeLessThanOrEqual(3);
  });

  it('count once while they wait, and again after Redis lost them', async () => {
    const tickets = sender();
    const ticket = { id: 7, attempt: 2, priority: 2 } as const;
    await tickets.send([ticket]);
    await tickets.send([ticket]);
    const client = new Redis(redis);
    await client.del(await client.keys(`${prefix}:*`));
    client.disconnect();
    await tickets.send([ticket]);
    await tickets.send([ticket]);
    const seen: string[] = [];
    receiver(1, async (id, attempt) => {
      seen.push(`${id}-${attempt}`);
    });
    await tickets.send([{ ...ticket, attempt: 3 }]);
    await eventually(() => expect(seen).toEqual(['7-2', '7-3']));
  });

  it('go on after a handler failed', async () => {
    const seen: number[] = [];
    receiver(1, async (id) => {
      seen.push(id);
      if (id === 1) throw new Error('boom');
    });
    await sender().send([
      { id: 1, attempt: 1, priority: 2 },
      { id: 2, attempt: 1, priority: 2 },
    ]);
    await eventually(() => expect(seen).toEqual([1, 2]));
  });
});

describe('signals', () => {
  it('reach the leader and the worker they are meant for', async () => {
    const heard: string[] = [];
    const listener = createSignalListener({
      redis,
      prefix,
      onWake: () => heard.push('wake'),
      onStop: (worker) => heard.push(worker),
      onEvent: () => heard.push('event'),
    });
    const signals = createSignalSender({ redis, prefix });
    closers.push(
      () => listener.close(),
      () => signals.close(),
    );
    await eventually(() => {
      signals.wakeLeader();
      signals.stopRequested('w1');
      expect(heard).toEqual(expect.arrayContaining(['wake', 'w1', 'event']));
    });
  });

  it('tell those who listen for anything, and many at once as one', async () => {
    const heard: string[] = [];
    const listener = createSignalListener({ redis, prefix, onEvent: () => heard.push('event') });
    const signals = createSignalSender({ redis, prefix });
    closers.push(
      () => listener.close(),
      () => signals.close(),
    );
    await eventually(() => {
      signals.happened();
      expect(heard.length).toBeGreaterThan(0);
    });
    const before = heard.length;
    for (let n = 0; n < 1000; n += 1) signals.happened();
    await eventually(() => expect(heard.length).toBeGreaterThan(before));
    expect(heard.length).toBeLessThan(before + 20);
  });

  it('cost nothing and throw nothing while Redis is away', async () => {
    const signals = createSignalSender({ redis: { host: '127.0.0.1', port: 1 }, prefix });
    closers.push(() => signals.close());
    for (let i = 0; i < 100; i++) signals.wakeLeader();
    await expect(signals.ping()).rejects.toThrow();
  });
});
