import { createHash } from 'node:crypto';
import { type BlobLedger, type LeaderStore, type LeftoverStore, service } from '@spiderhub/core';
import {
  createBlobLedger,
  createEggStore,
  createJobStore,
  createLeaderStore,
  createLeftoverStore,
  createReportStore,
  createStorageUsageStore,
  createUsageView,
} from '@spiderhub/db';
import { createTestDatabase, type TestDatabase } from '@spiderhub/testkit';
import { makeTeam, saveVersion, scheduleRequest } from '../../../support/team.ts';

const HOUR = 3_600_000;
const me = service('me');

let db: TestDatabase;
let project: number;
let count = 0;

beforeAll(async () => {
  db = await createTestDatabase();
});
afterAll(() => db.close());
beforeEach(async () => {
  count += 1;
  project = (await makeTeam(db.database, `team-${count}`)).project;
});

const shaOf = (text: string) => createHash('sha256').update(`${count} ${text}`).digest('hex');
const ago = (ms: number) => new Date(Date.now() - ms);

describe('the ledger of blobs', () => {
  let ledger: BlobLedger;
  beforeAll(() => {
    ledger = createBlobLedger(db.database);
  });
  beforeEach(() => db.database('blobs').delete());

  async function blob(text: string, unusedMs = 2 * HOUR): Promise<string> {
    const sha256 = shaOf(text);
    await ledger.touch({ sha256, sizeBytes: text.length });
    await db
      .database('blobs')
      .where({ sha256 })
      .update({ last_used: ago(unusedMs) });
    return sha256;
  }

  async function collect(limit = 100, after = ''): Promise<{ gone: string[]; last: string | null }> {
    const gone: string[] = [];
    const { last } = await ledger.collect({ after, limit, unusedMs: HOUR }, async (sha256) => {
      gone.push(sha256);
    });
    return { gone, last };
  }

  it('keeps whatever a version, an egg of the project or a report names', async () => {
    const [main, extra, egg, report, none] = await Promise.all(
      ['main', 'extra', 'egg', 'report', 'none'].map((text) => blob(text)),
    );
    await saveVersion(db.database, project, '1.1', ['a'], {
      eggSha256: main as string,
      extraEggs: [extra as string],
    });
    await createEggStore(db.database).save(me, {
      project,
      name: 'lib',
      version: '1',
      sha256: egg as string,
      sizeBytes: 3,
      createdBy: 'me',
    });
    const [made] = await createJobStore(db.database).schedule([
      scheduleRequest(project, 'a', { state: 'finished' }),
    ]);
    if (made?.outcome !== 'scheduled') throw new Error('not scheduled');
    const job = { project, spider: made.spider, job: made.job };
    const its = {
      job,
      key: 'r',
      contentType: 'text/plain',
      sha256: report as string,
      sizeBytes: 6,
      createdBy: 'me',
    };
    expect(await createReportStore(db.database).save(its)).toBe(true);
    expect(await createReportStore(db.database).save({ ...its, job: { ...job, job: 999 } })).toBe(false);
    expect((await collect()).gone).toEqual([none]);
    // All of that is what the project is counted for, each content once.
    const usage = createStorageUsageStore(db.database);
    expect(await usage.rowBytes(project)).toBe(0 + 'extra'.length + 3 + 6);
    const [view] = await createUsageView(db.database).usage(project);
    expect(view).toMatchObject({ project, finished: 1, pending: 0, running: 0, deleted: 0, blobBytes: 14 });
  });

  it('keeps what was touched lately, and what is touched again', async () => {
    const [young, old, again] = [
      await blob('young', HOUR / 2),
      await blob('old', HOUR + 1),
      await blob('again'),
    ];
    await ledger.touch({ sha256: again, sizeBytes: 99 });
    await ledger.note([
      { sha256: old, sizeBytes: 1 },
      { sha256: young, sizeBytes: 1 },
    ]);
    expect((await collect()).gone).toEqual([old]);
    expect(await db.database('blobs').where({ sha256: again }).first('size_bytes')).toEqual({
      size_bytes: '99',
    });
  });

  it('goes through all of them a page at a time, whether they go or not', async () => {
    const kept = await Promise.all(['a', 'b', 'c', 'd'].map((text) => blob(text, 0)));
    const old = await Promise.all(['e', 'f', 'g'].map((text) => blob(text)));
    const gone: string[] = [];
    let pages = 0;
    for (let after: string | null = ''; after !== null; pages++) {
      const page = await collect(2, after);
      gone.push(...page.gone);
      after = page.last;
    }
    expect(gone.sort()).toEqual(old.toSorted());
    expect(pages).toBe(4);
    expect(new Set(await db.database('blobs').pluck('sha256'))).toEqual(new Set(kept));
  });

  it('makes who stores the same content wait until the file is gone, and then it is noted anew', async () => {
    const sha256 = await blob('same');
    const order: string[] = [];
    let stored: Promise<void> | undefined;
    await ledger.collect({ after: '', limit: 9, unusedMs: HOUR }, async () => {
      stored = ledger.touch({ sha256, sizeBytes: 4 }).then(() => void order.push('stored'));
      await db.database.raw('select pg_sleep(0.05)');
      order.push('removed');
    });
    await stored;
    expect(order).toEqual(['removed', 'stored']);
    expect(await db.database('blobs').where({ sha256 })).toHaveLength(1);
  });

  it('forgets nothing when a file cannot be removed', async () => {
    const old = await Promise.all(['a', 'b'].map((text) => blob(text)));
    const failing = ledger.collect({ after: '', limit: 9, unusedMs: HOUR }, async (sha256) => {
      if (sha256 === old.toSorted()[1]) throw new Error('disk');
    });
    await expect(failing).rejects.toThrow('disk');
    expect((await collect()).gone.sort()).toEqual(old.toSorted());
  });
});

describe('what is left over', () => {
  let leftovers: LeftoverStore;
  beforeAll(() => {
    leftovers = createLeftoverStore(db.database);
  });

  it('loses the oldest events, as many as it may, and readers behind them are told', async () => {
    await db.database('events').update({ ts: ago(3 * HOUR) });
    const all = (await db.database('events').select('id')).length;
    expect(all).toBeGreaterThan(0);
    await db.database('events').insert([1, 2].map(() => ({ project_id: project, type: 'x', data: '{}' })));
    let gone = 0;
    for (let n = -1; n !== 0; gone += n) n = await leftovers.removeEvents(HOUR, 1);
    expect(gone).toBe(all);
    expect(await db.database('events').where({ type: 'x' })).toHaveLength(2);
    const floor = await db.database('event_floor').first();
    const { rows } = await db.database.raw(
      'select from events e, event_floor f where (e.xid, e.id) <= (f.xid, f.id)',
    );
    expect([floor.id === null, rows.length]).toEqual([false, 0]);
  });

  it('loses workers that were silent for so long, and knows the hosts of the others', async () => {
    await db.database('workers').delete();
    const worker = (id: string, host: string, ms: number) => ({ id, host, seen_at: ago(ms) });
    const columns = await db.database('workers').columnInfo();
    const fill = Object.fromEntries(
      Object.entries(columns)
        .filter(
          ([name, { nullable, defaultValue }]) =>
            !nullable && defaultValue === null && !['id', 'host'].includes(name),
        )
        .map(([name, { type }]) => [name, type === 'integer' ? 1 : type.includes('time') ? new Date() : 'x']),
    );
    const uuid = (n: number) => `00000000-0000-4000-8000-00000000000${n}`;
    await db.database('workers').insert(
      [worker(uuid(1), 'old', 2 * HOUR), worker(uuid(2), 'new', 0), worker(uuid(3), 'new', 2 * HOUR)].map(
        (row) => ({
          ...fill,
          ...row,
        }),
      ),
    );
    expect(await leftovers.hostsSeen(HOUR)).toEqual(['new']);
    expect((await leftovers.hostsSeen(3 * HOUR)).sort()).toEqual(['new', 'old']);
    expect([await leftovers.removeSilent(HOUR, 1), await leftovers.removeSilent(HOUR, 9)]).toEqual([1, 1]);
    expect(await db.database('workers').pluck('host')).toEqual(['new']);
  });

  it('knows the spiders of a project, and none of what is no project', async () => {
    expect(await leftovers.spidersOf(project)).toEqual(new Set([1, 2]));
    expect((await leftovers.spidersOf(999_999)).size).toBe(0);
  });
});

describe('what is measured of projects', () => {
  it('takes those that were never measured first, then the one measured longest ago', async () => {
    const usage = createStorageUsageStore(db.database);
    const ids: number[] = await db.database('projects').orderBy('id').pluck('id');
    const order: number[] = [];
    for (let stale = await usage.stale(HOUR); stale !== null; stale = await usage.stale(HOUR)) {
      order.push(stale);
      await usage.save(stale, 7);
    }
    expect(order).toEqual(ids);
    await db
      .database('project_usage')
      .where({ project_id: project })
      .update({ measured_at: ago(HOUR + 1000) });
    expect(await usage.stale(HOUR)).toBe(project);
    await usage.save(project, 8);
    await usage.save(999_999, 8);
    expect(await usage.stale(HOUR)).toBeNull();
    expect(await db.database('project_usage').where({ project_id: project }).first('stored_bytes')).toEqual({
      stored_bytes: '8',
    });
  });
});

describe("the leader's place", () => {
  let leader: LeaderStore;
  beforeAll(() => {
    leader = createLeaderStore(db.database);
  });
  const ended = () => db.database('leader').update({ until: ago(1) });

  it('goes to one of many who ask for it in the same moment, with a term of its own', async () => {
    await ended();
    const asked = await Promise.all(Array.from({ length: 8 }, (_, i) => leader.lead(`h${i}`, HOUR)));
    const won = asked.filter((each) => 'term' in each);
    expect(won).toHaveLength(1);
    // Who asks again hears when the place is free.
    const again = await leader.lead('h9', HOUR);
    const freeInMs = 'freeInMs' in again ? again.freeInMs : 0;
    expect(freeInMs).toBeGreaterThan(HOUR - 60_000);
    expect(freeInMs).toBeLessThanOrEqual(HOUR);
  });

  it('is kept after it lapsed as long as nobody else took it, and never by an old term', async () => {
    await ended();
    const first = await leader.lead('one', 1);
    if (!('term' in first)) throw new Error('not free');
    await ended();
    expect(await leader.keep(first.term, 1)).toBe(true);
    await ended();
    const second = await leader.lead('two', HOUR);
    if (!('term' in second)) throw new Error('not free');
    expect(second.term).toBe(first.term + 1);
    expect(await leader.keep(first.term, HOUR)).toBe(false);
    await leader.leave(first.term);
    expect(await leader.lead('three', HOUR)).toHaveProperty('freeInMs');
    await leader.leave(second.term);
    expect(await leader.lead('three', HOUR)).toEqual({ term: second.term + 1 });
  });
});
