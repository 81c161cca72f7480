import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { LostAttempt, Ticket } from '@spiderhub/core';
import { createLogger } from '@spiderhub/platform';
import { admit } from './admit.ts';
import { removing } from './chores.ts';
import { measureStorage } from './measure-storage.ts';
import { firePeriodicJobs, keepCalendar } from './periodic.ts';
import { digest, forgetSent, lookForSilence, react } from './reactions.ts';
import { reap } from './reap.ts';
import { resend } from './resend.ts';

const log = createLogger({ name: 'test', level: 'silent' });
const TICKET = { id: 1, attempt: 1, priority: 2 } as Ticket;

/** A function that gives these answers one after the other, and says what it was asked. */
function answers<T>(...list: T[]) {
  const asked: unknown[][] = [];
  const give = async (...args: unknown[]): Promise<T> => {
    asked.push(args);
    if (list.length === 0) throw new Error('asked too often');
    return list.shift() as T;
  };
  return Object.assign(give, { asked });
}

describe('letting jobs in', () => {
  it('names its term, so that one who leads no more admits nothing, and sends what was admitted', async () => {
    const admitted = answers([TICKET]);
    const sent: Ticket[][] = [];
    await admit({ admit: admitted } as never, async (tickets) => void sent.push(tickets)).run(42);
    expect([admitted.asked, sent]).toEqual([[[42]], [[TICKET]]]);
  });

  it('sends tickets again that nobody took for two seconds', async () => {
    const unclaimed = answers([TICKET]);
    const sent: Ticket[][] = [];
    await resend({ unclaimed } as never, async (tickets) => void sent.push(tickets)).run(1);
    expect([unclaimed.asked, sent]).toEqual([[[2000]], [[TICKET]]]);
  });

  it('corrects the counts of every lost attempt, also when one of them cannot be read', async () => {
    const lost = [1, 2, 3].map((job) => ({ key: { project: 1, spider: 1, job } }) as LostAttempt);
    const recounted: number[] = [];
    const task = reap({
      dispatch: { reap: answers(lost) } as never,
      async recount({ key }) {
        if (key.job === 2) throw new Error('no such file');
        recounted.push(key.job);
      },
      log,
    });
    await task.run(1);
    expect(recounted).toEqual([1, 3]);
  });
});

describe('periodic jobs', () => {
  const fired = (runs: number, more: object = {}) => ({ runs, scheduled: 0, stopped: [], ...more });
  function parts(fireDue: unknown) {
    const told: string[] = [];
    const signals = {
      wakeLeader: () => void told.push('wake'),
      stopRequested: (worker: string) => void told.push(`stop ${worker}`),
    };
    return { told, task: firePeriodicJobs({ store: { fireDue }, signals, rules: {}, pending: {} } as never) };
  }

  it('are fired batch by batch until nothing is due', async () => {
    const fireDue = answers(fired(100), fired(3), fired(0));
    await parts(fireDue).task.run(1);
    expect(fireDue.asked).toHaveLength(3);
  });

  it('wake who lets jobs in when something is new, and each worker that has to stop something once', async () => {
    const stopped = [{ worker: 'a' }, { worker: null }, { worker: 'b' }, { worker: 'a' }];
    const { told, task } = parts(answers(fired(100, { scheduled: 3, stopped }), fired(0)));
    await task.run(1);
    expect(told).toEqual(['stop a', 'stop b', 'wake']);
  });

  it('get their next times by new rules of time zones, a page at a time', async () => {
    const jobs = Array.from({ length: 500 }, (_, id) => ({
      id,
      cron: '0 0 * * *',
      timezone: 'UTC',
      disabled: true,
    }));
    const set: unknown[][] = [];
    const store = {
      ofOtherZoneRules: answers(jobs, []),
      setNext: async (...args: unknown[]) => void set.push(args),
      removeRuns: answers(500, 3),
    };
    const cron = { zoneRules: '2026a', next: () => null };
    const [zones, runs] = keepCalendar({ store, rules: { cron } } as never);
    expect([await zones?.run(), await zones?.run()]).toEqual([
      { done: 500, more: true },
      { done: 0, more: false },
    ]);
    expect(set).toHaveLength(500);
    expect(set.every(([, , rules]) => rules === '2026a')).toBe(true);
    expect([await runs?.run(), await runs?.run()]).toEqual([
      { done: 500, more: true },
      { done: 3, more: false },
    ]);
  });
});

describe('what follows from events', () => {
  function parts(more: object) {
    const told: string[] = [];
    const onDeliveries = () => void told.push('deliveries');
    const onScheduled = () => void told.push('scheduled');
    return { told, parts: { onDeliveries, onScheduled, pending: 'watch', ...more } as never };
  }
  const done = (deliveries: number, scheduled: number, more = false) => ({
    events: 1,
    deliveries,
    scheduled,
    more,
  });

  it('is done until nothing is left, and whoever sends or starts it is told only of what there is', async () => {
    const react_ = answers(done(1, 0, true), done(0, 2, true), done(0, 0));
    const { told, parts: its } = parts({ reactions: { react: react_ } });
    await react(its).run(1);
    expect(told).toEqual(['deliveries', 'scheduled']);
    expect(react_.asked.map(([limit, , pending]) => [limit, pending])).toEqual(Array(3).fill([500, 'watch']));
  });

  it('is digested by the hour and looked for in silence', async () => {
    const { told, parts: its } = parts({
      reactions: {
        digest: answers(0, 500),
        lookAround: answers({ told: 0, more: true }, { told: 2, more: false }),
      },
    });
    const [digests, silence] = [digest(its), lookForSilence(its)];
    expect([await digests.run(), told.length]).toEqual([{ done: 0, more: false }, 0]);
    expect([await digests.run(), told.length]).toEqual([{ done: 500, more: true }, 1]);
    expect([await silence.run(), told.length]).toEqual([{ done: 0, more: true }, 1]);
    expect([await silence.run(), told.length]).toEqual([{ done: 2, more: false }, 2]);
  });

  it('is forgotten after thirty days', async () => {
    const [deliveries, notices] = [answers(500), answers(1)];
    const { parts: its } = parts({ deliveries: { removeOld: deliveries }, notices: { removeOld: notices } });
    const [first, second] = forgetSent(its);
    expect([await first?.run(), await second?.run()]).toEqual([
      { done: 500, more: true },
      { done: 1, more: false },
    ]);
    const days = 30 * 24 * 3600_000;
    expect([deliveries.asked, notices.asked]).toEqual([[[days, 500]], [[days, 500]]]);
  });
});

describe('chores', () => {
  it('that remove rows go on while a piece is full', async () => {
    const chore = removing('x', 1, answers(10, 9), 10);
    expect([await chore.run(), await chore.run()]).toEqual([
      { done: 10, more: true },
      { done: 9, more: false },
    ]);
  });

  it('add up rows, streams and folders of one project at a time', async () => {
    const foldersDir = mkdtempSync(join(tmpdir(), 'measure-'));
    try {
      mkdirSync(join(foldersDir, '7', 'deep'), { recursive: true });
      writeFileSync(join(foldersDir, '7', 'deep', 'file'), Buffer.alloc(8192));
      const saved: unknown[][] = [];
      const usage = {
        stale: answers<number | null>(7, 8, null),
        rowBytes: async (project: number) => project * 10,
        save: async (...args: unknown[]) => void saved.push(args),
      };
      const chore = measureStorage({
        usage,
        streams: { sizeOfProject: async (project) => project },
        foldersDir,
      });
      expect([await chore.run(), await chore.run(), await chore.run()]).toEqual([
        { done: 1, more: true },
        { done: 1, more: true },
        { done: 0, more: false },
      ]);
      const [[, withFolder], other] = saved as [[number, number], [number, number]];
      expect(other).toEqual([8, 88]);
      expect(withFolder).toBeGreaterThanOrEqual(77 + 8192);
    } finally {
      rmSync(foldersDir, { recursive: true });
    }
  });
});
