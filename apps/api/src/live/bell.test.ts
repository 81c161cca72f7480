import { createBell } from './bell.ts';

const never = new AbortController().signal;

/** Whether it has settled once everything that is under way has had its turn. */
async function isSettled(promise: Promise<void>): Promise<boolean> {
  let isDone = false;
  void promise.then(() => {
    isDone = true;
  });
  await new Promise((resolve) => setImmediate(resolve));
  return isDone;
}

it('wakes all who wait, once for each ring', async () => {
  const bell = createBell();
  const waits = [bell.wait(0, never), bell.wait(0, never)];
  expect(await isSettled(waits[0] as Promise<void>)).toBe(false);
  bell.ring();
  await Promise.all(waits);
  expect(bell.rings).toBe(1);
  expect(await isSettled(bell.wait(1, never))).toBe(false);
});

it('lets nobody miss a ring between a look and the wait after it', async () => {
  const bell = createBell();
  const seen = bell.rings;
  bell.ring();
  expect(await isSettled(bell.wait(seen, never))).toBe(true);
});

it('makes who waits because of a ring wait for the next one', async () => {
  const bell = createBell();
  let woken = 0;
  const again = () => {
    woken += 1;
    if (woken < 5) void bell.wait(bell.rings, never).then(again);
  };
  void bell.wait(0, never).then(again);
  bell.ring();
  await new Promise((resolve) => setImmediate(resolve));
  expect(woken).toBe(1);
});

it('ends a wait at the signal, at once where that has come already, and after its time', async () => {
  const bell = createBell();
  const over = new AbortController();
  const wait = bell.wait(0, over.signal);
  over.abort();
  expect(await isSettled(wait)).toBe(true);
  expect(await isSettled(bell.wait(0, over.signal))).toBe(true);
  await bell.wait(0, never, 1);
  expect(bell.rings).toBe(0);
});

it('leaves no listener behind on a signal that outlives a thousand waits', async () => {
  const bell = createBell();
  const over = new AbortController();
  let listeners = 0;
  const { addEventListener: add, removeEventListener: remove } = over.signal;
  Object.assign(over.signal, {
    addEventListener: (...args: Parameters<typeof add>) => {
      listeners += 1;
      add.apply(over.signal, args);
    },
    removeEventListener: (...args: Parameters<typeof remove>) => {
      listeners -= 1;
      remove.apply(over.signal, args);
    },
  });
  for (let i = 0; i < 1000; i++) {
    const wait = bell.wait(bell.rings, over.signal);
    bell.ring();
    await wait;
  }
  expect(listeners).toBe(0);
});

it('calls a function as often as it listens, until it leaves', () => {
  const bell = createBell();
  let calls = 0;
  const count = () => {
    calls += 1;
  };
  const [leave, leaveToo] = [bell.onRing(count), bell.onRing(count)];
  bell.ring();
  leave();
  leave();
  bell.ring();
  leaveToo();
  bell.ring();
  expect(calls).toBe(3);
});
