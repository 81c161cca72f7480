import type { LeaderStore } from '@spiderhub/core';
import { createLogger } from '@spiderhub/platform';
import { eventually } from '@spiderhub/testkit';
import { createLeader } from './leader.ts';
import type { LeaderTask } from './task.ts';

const log = createLogger({ name: 'test', level: 'error', destination: { write() {} } });
const forEver = AbortSignal.timeout(60_000);

/** A place in memory that behaves like the row; `kept` says what the next answers to a leader are. */
class Place implements LeaderStore {
  term = 0;
  left: number[] = [];
  keeps: () => Promise<boolean> = async () => true;
  free = true;

  async lead() {
    if (!this.free) return { freeInMs: 5 };
    this.free = false;
    this.term += 1;
    return { term: this.term };
  }
  keep() {
    return this.keeps();
  }
  async leave(term: number) {
    this.left.push(term);
    this.free = true;
  }
}

function task(more: Partial<LeaderTask> = {}) {
  const terms: number[] = [];
  const made: LeaderTask = {
    name: 'count',
    everyMs: 1,
    run: async (term) => void terms.push(term),
    ...more,
  };
  return { made, terms };
}

describe('the leader', () => {
  it('runs each task again and again under its term, and gives its place back when it stops', async () => {
    const store = new Place();
    const { made, terms } = task();
    const leader = createLeader({ store, holder: 'me', tasks: [made], log });
    await leader.start();
    await eventually(() => expect(terms.length).toBeGreaterThan(3));
    await leader.stop(forEver);
    const after = terms.length;
    expect(new Set(terms)).toEqual(new Set([1]));
    expect(store.left).toEqual([1]);
    expect(terms.length).toBe(after);
  });

  it('keeps its place while the place is kept for it', async () => {
    const store = new Place();
    const complaints: string[] = [];
    const write = (line: string) => void complaints.push(line);
    const listening = createLogger({ name: 'test', level: 'warn', destination: { write } });
    let asked = 0;
    store.keeps = async () => {
      asked += 1;
      return true;
    };
    const leader = createLeader({ store, holder: 'me', tasks: [], log: listening });
    await leader.start();
    await eventually(() => expect(asked).toBeGreaterThan(1));
    await leader.stop(forEver);
    expect(complaints).toEqual([]);
    expect(store.term).toBe(1);
  });

  it('lets a slow or failing task hold up no other', async () => {
    const store = new Place();
    const door = new AbortController();
    const opened = new Promise<void>((resolve) => door.signal.addEventListener('abort', () => resolve()));
    const slow = task({ name: 'slow', run: () => opened });
    const failing = task({ name: 'failing', run: () => Promise.reject(new Error('away')) });
    const quick = task();
    const leader = createLeader({
      store,
      holder: 'me',
      tasks: [slow.made, failing.made, quick.made],
      log,
    });
    await leader.start();
    await eventually(() => expect(quick.terms.length).toBeGreaterThan(3));
    door.abort();
    await leader.stop(forEver);
  });

  it('runs what wakes at once, and leaves the rest to its period', async () => {
    const hour = 3_600_000;
    const store = new Place();
    const woken = task({ everyMs: hour, wakes: true });
    const patient = task({ everyMs: hour });
    const leader = createLeader({ store, holder: 'me', tasks: [woken.made, patient.made], log });
    await leader.start();
    await eventually(() => expect(patient.terms).toHaveLength(1));
    leader.wake();
    await eventually(() => expect(woken.terms.length).toBeGreaterThan(1));
    expect(patient.terms).toHaveLength(1);
    await leader.stop(forEver);
  });

  it('stops its tasks when another term has begun, and stands by', async () => {
    const store = new Place();
    const { made, terms } = task();
    const leader = createLeader({ store, holder: 'me', tasks: [made], log });
    await leader.start();
    await eventually(() => expect(terms.length).toBeGreaterThan(0));
    store.keeps = async () => false;
    // Somebody else leads: nothing of term 1 runs any more until the place is free.
    await eventually(() => expect(store.term).toBe(1));
    await eventually(async () => {
      const before = terms.length;
      await new Promise((resolve) => setImmediate(resolve));
      await new Promise((resolve) => setTimeout(resolve, 20));
      expect(terms.length).toBe(before);
    });
    store.keeps = async () => true;
    store.free = true;
    await eventually(() => expect(terms.at(-1)).toBe(2));
    await leader.stop(forEver);
    expect(store.left).toEqual([2]);
  });

  it('gives up its place by itself when its word does not get through for a whole term', async () => {
    const store = new Place();
    const { made, terms } = task();
    const leader = createLeader({ store, holder: 'me', tasks: [made], log });
    store.keeps = () => new Promise(() => {});
    await leader.start();
    await eventually(() => expect(terms.length).toBeGreaterThan(0));
    store.free = true;
    await eventually(() => expect(terms.at(-1)).toBe(2));
    store.keeps = async () => true;
    await leader.stop(forEver);
  });
});
