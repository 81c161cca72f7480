import {
  DomainError,
  type EventFilter,
  type EventLog,
  isBehind,
  isMeant,
  type LoggedEvent,
} from '@spiderhub/core';
import { eventually } from '@spiderhub/testkit';
import { createEventHub, type EventBatch, type EventHub, type Hints } from './event-hub.ts';

const LOG = '0'.repeat(16);
const at = (n: number) => `${LOG}-${n}-0`;

function event(n: number, more: Partial<LoggedEvent> = {}): LoggedEvent {
  return {
    id: at(n),
    type: 'job.finished',
    project: 1,
    job: null,
    actor: null,
    data: null,
    at: new Date(0),
    ...more,
  };
}

/** A log in memory, which counts how often it is read. */
function logOf(events: LoggedEvent[] = []) {
  const state = { events, reads: [] as string[], fails: null as Error | null };
  const end = () => state.events.at(-1)?.id ?? at(0);
  const log: EventLog = {
    end: async () => end(),
    beginning: async () => at(0),
    async read(cursor, limit, filter: EventFilter = {}) {
      state.reads.push(cursor);
      if (state.fails) throw state.fails;
      const behind = state.events.filter(({ id }) => isBehind(id, cursor));
      const page = behind.slice(0, limit);
      return {
        events: page.filter((each) => isMeant(filter, each)),
        cursor: page.at(-1)?.id ?? cursor,
        more: behind.length > limit,
      };
    },
  };
  return { state, log };
}

const hubs: EventHub[] = [];
afterEach(() => {
  for (const hub of hubs.splice(0)) hub.close();
});

function setUp(events: LoggedEvent[] = []) {
  const { state, log } = logOf(events);
  const listeners = new Set<() => void>();
  const hints: Hints = (listener) => {
    listeners.add(listener);
    return () => listeners.delete(listener);
  };
  const errors: unknown[] = [];
  const hub = createEventHub({ log, hints, onError: (error) => errors.push(error) });
  hubs.push(hub);
  const happen = (...more: LoggedEvent[]) => {
    state.events.push(...more);
    for (const tell of listeners) tell();
  };
  return { hub, state, errors, happen, listeners };
}

/** What a listener hears, by the numbers of the events. */
function hear(hub: EventHub, cursor: string, filter: EventFilter = {}) {
  const heard: string[] = [];
  const errors: unknown[] = [];
  const stop = hub.listen({
    cursor,
    filter,
    onBatch: (batch: EventBatch) => heard.push(...batch.events.map(({ id }) => id.split('-')[1] as string)),
    onError: (error) => errors.push(error),
  });
  return { heard, errors, stop };
}

it('tells every listener each event behind its cursor once, whenever it came', async () => {
  const { hub, happen } = setUp([event(1), event(2), event(3)]);
  const [old, new_] = [hear(hub, at(1)), hear(hub, at(3))];
  await eventually(() => expect(old.heard).toEqual(['2', '3']));
  happen(event(4));
  await eventually(() => expect(new_.heard).toEqual(['4']));
  happen(event(5), event(6));
  await eventually(() => expect(old.heard).toEqual(['2', '3', '4', '5', '6']));
  expect(new_.heard).toEqual(['4', '5', '6']);
});

it('tells only what a filter means, and moves on behind what it does not', async () => {
  const { hub, happen, state } = setUp();
  const mine = hear(hub, at(0), { projects: [2] });
  await eventually(() => expect(state.reads.length).toBeGreaterThan(0));
  happen(event(1), event(2, { project: 2 }), event(3, { type: 'job.started' }));
  await eventually(() => expect(mine.heard).toEqual(['2']));
  const typed = hear(hub, at(0), { types: ['job.started'] });
  await eventually(() => expect(typed.heard).toEqual(['3']));
});

it('looks once for all who listen, and not at all while nobody does', async () => {
  const { hub, happen, state, listeners } = setUp();
  const all = Array.from({ length: 50 }, () => hear(hub, at(0)));
  await eventually(() => expect(listeners.size).toBe(1));
  const before = state.reads.length;
  happen(event(1));
  await eventually(() => expect(all.every(({ heard }) => heard.length === 1)).toBe(true));
  expect(state.reads.length - before).toBeLessThan(10);
  for (const { stop } of all) stop();
  happen(event(2));
  await eventually(() => expect(listeners.size).toBe(0));
  const after = state.reads.length;
  happen(event(3));
  expect([state.reads.length, all[0]?.heard]).toEqual([after, ['1']]);
});

it('hears nothing after it has left, and may leave twice', async () => {
  const { hub, happen } = setUp();
  const [gone, stays] = [hear(hub, at(0)), hear(hub, at(0))];
  happen(event(1));
  await eventually(() => expect(stays.heard).toEqual(['1']));
  gone.stop();
  gone.stop();
  happen(event(2));
  await eventually(() => expect(stays.heard).toEqual(['1', '2']));
  expect(gone.heard).toEqual(['1']);
});

it('reads from the log what is not in memory any more', async () => {
  const { hub, happen } = setUp();
  const fast = hear(hub, at(0));
  // More text than is kept in memory.
  const big = 'x'.repeat(1_500_000);
  for (let n = 1; n <= 5; n++) happen(event(n, { data: big }));
  await eventually(() => expect(fast.heard).toHaveLength(5));
  const late = hear(hub, at(0));
  await eventually(() => expect(late.heard).toEqual(['1', '2', '3', '4', '5']));
});

it('follows page by page as fast as it is read, and ends at the signal', async () => {
  const { hub, happen } = setUp([event(1)]);
  const over = new AbortController();
  const seen: string[] = [];
  const following = (async () => {
    for await (const { events, cursor } of hub.follow(at(0), {}, over.signal)) {
      seen.push(...events.map(({ id }) => id));
      expect(isBehind(cursor, at(0))).toBe(true);
    }
  })();
  await eventually(() => expect(seen).toEqual([at(1)]));
  happen(event(2), event(3));
  await eventually(() => expect(seen).toEqual([at(1), at(2), at(3)]));
  over.abort();
  await following;
});

it('waits with a page until something is meant, and no longer than it was told', async () => {
  const { hub, happen, state } = setUp();
  const asked = { cursor: at(0), limit: 10, filter: { projects: [2] } };
  expect((await hub.page({ ...asked, waitMs: 0 })).events).toEqual([]);
  expect((await hub.page({ ...asked, waitMs: 1 })).events).toEqual([]);
  const waiting = hub.page({ ...asked, waitMs: 60_000 });
  await eventually(() => expect(state.reads.length).toBeGreaterThan(2));
  happen(event(1), event(2, { project: 2 }));
  expect(await waiting).toMatchObject({ events: [{ id: at(2) }], cursor: at(2) });
});

it('ends all waits when it closes', async () => {
  const { hub } = setUp();
  const waiting = hub.page({ cursor: at(0), limit: 1, filter: {}, waitMs: 60_000 });
  const following = hub.follow(at(0), {}, new AbortController().signal).next();
  hub.close();
  expect((await waiting).events).toEqual([]);
  expect(await following).toMatchObject({ done: true });
});

it('tells a listener that its place is unknown, once, and goes on with the others', async () => {
  const { hub, state, happen, errors } = setUp([event(1)]);
  const stays = hear(hub, at(1));
  await eventually(() => expect(state.reads.length).toBeGreaterThan(0));
  state.fails = new DomainError('conflict', 'events_gone', 'gone');
  const lost = hear(hub, at(0));
  await eventually(() => expect(lost.errors).toEqual([state.fails]));
  happen(event(2));
  await eventually(() => expect(errors).toContain(state.fails));
  state.fails = null;
  await eventually(() => expect(stays.heard).toEqual(['2']));
  expect([lost.heard, lost.errors.length]).toEqual([[], 1]);
});
