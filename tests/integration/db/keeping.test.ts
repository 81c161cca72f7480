import { existsSync } from 'node:fs';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  COMMAND,
  collectBlobs,
  createPurge,
  inLedger,
  type JobKey,
  type JobStore,
  type JobView,
  type RetentionStore,
  removeWithData,
  type ScheduleRequest,
  type StreamStore,
  service,
  TALLIES,
  undelete,
} from '@spiderhub/core';
import {
  createBlobLedger,
  createEggStore,
  createJobStore,
  createJobView,
  createLeftoverStore,
  createReportStore,
  createRetentionStore,
  createUsageView,
  createVersionStore,
} from '@spiderhub/db';
import { createFsBlobStore, createFsStreamStore } from '@spiderhub/storage';
import { createTestDatabase, type TestDatabase } from '@spiderhub/testkit';
import { makeTeam, scheduleRequest, type Team } from '../../support/team.ts';

const DAY_MS = 24 * 3600_000;

let db: TestDatabase;
let root: string;
let jobs: JobStore;
let view: JobView;
let store: RetentionStore;
let streams: StreamStore;
let team: Team;

beforeEach(async () => {
  db = await createTestDatabase();
  root = await mkdtemp(join(tmpdir(), 'keeping-'));
  jobs = createJobStore(db.database);
  view = createJobView(db.database);
  store = createRetentionStore(db.database, { readersMs: 0, writersMs: 0 });
  streams = createFsStreamStore({ root: join(root, 'streams'), tallies: TALLIES });
  team = await makeTeam(db.database);
});
afterEach(async () => {
  await db.close();
  await rm(root, { recursive: true, force: true });
});

async function finished(more: Partial<ScheduleRequest> = {}): Promise<JobKey> {
  const request = scheduleRequest(team.project, 'a', { state: 'finished', ...more });
  const [outcome] = await jobs.schedule([request]);
  if (outcome?.outcome !== 'scheduled') throw new Error('not scheduled');
  const key = { project: team.project, spider: outcome.spider, job: outcome.job };
  await streams.write({ key, attempt: 0, stream: 'items' }, [Buffer.from('{"a":1}')]);
  await streams.write({ key, attempt: 0, stream: 'logs' }, [Buffer.from('{"message":"hi"}')]);
  return key;
}

function remove(...keys: JobKey[]) {
  return jobs.remove({ project: team.project, keys, strict: true }, service('me'));
}

async function itemsOf(key: JobKey): Promise<number> {
  return (await streams.stats({ key, attempt: 0, stream: 'items' })).records;
}

async function filesLeft(): Promise<string[]> {
  const entries = await readdir(join(root, 'streams'), { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map(({ name }) => name);
}

async function rowsOf(table: string): Promise<number> {
  return Number((await db.database(table).count().first())?.count);
}

/** Every method counts; call number `at` fails, before it does anything or after it did all of it. */
function failingAt<T extends object>(
  port: T,
  calls: { count: number },
  at: number,
  when: 'before' | 'after',
): T {
  const methods = Object.entries(port).map(([name, method]) => [
    name,
    async (...args: unknown[]) => {
      calls.count += 1;
      const fails = calls.count === at;
      if (fails && when === 'before') throw new Error('killed');
      const answer = await (method as (...a: unknown[]) => Promise<unknown>)(...args);
      if (fails) throw new Error('killed');
      return answer;
    },
  ]);
  return Object.fromEntries(methods) as T;
}

describe('purging', () => {
  it.each(['before', 'after'] as const)(
    'repeats cleanly when it is killed %s any of its steps',
    async (when) => {
      const steps: string[] = [];
      for (let at = 1; ; at++) {
        const keys = [await finished({ alias: `${when} ${at}` }), await finished(), await finished()];
        await remove(...keys);
        const calls = { count: 0 };
        const oneByOne = failingAt({ remove: (key: JobKey) => streams.removeJobs([key]) }, calls, at, when);
        const dyingStreams = {
          ...streams,
          async removeJobs(gone: readonly JobKey[]) {
            for (const key of gone) await oneByOne.remove(key);
          },
        };
        const dying = createPurge(failingAt(store, calls, at, when), dyingStreams, 0);
        const killed = await dying
          .rows()
          .then(() => dying.streams())
          .then(
            () => false,
            () => true,
          );
        steps.push(killed ? 'killed' : 'through');
        // Whole or gone, and never forgotten: a job without a row has its streams on the list, or none any more.
        for (const key of keys) {
          const listed = await db.database('streams_to_free').where({ number: key.job }).first();
          if (await view.find(key)) expect(await itemsOf(key)).toBe(1);
          else if (!listed) expect(await itemsOf(key)).toBe(0);
        }
        const next = createPurge(store, streams, 0);
        await next.rows();
        await next.streams();
        expect(await rowsOf('jobs')).toBe(0);
        expect(await rowsOf('job_details')).toBe(0);
        expect(await rowsOf('streams_to_free')).toBe(0);
        expect(await filesLeft()).toEqual([]);
        expect(await rowsOf('job_tombstones')).toBe(at);
        if (!killed) break;
      }
      expect(steps.filter((step) => step === 'killed')).toHaveLength(6);
    },
  );

  it('shows a reader the whole job or none: rows go before streams', async () => {
    const key = await finished();
    await remove(key);
    expect([await itemsOf(key), (await view.find(key))?.state]).toEqual([1, 'deleted']);
    const purge = createPurge(store, streams, 0);
    expect(await purge.rows()).toEqual({ done: 1, more: false });
    expect([await itemsOf(key), await view.find(key)]).toEqual([1, null]);
    expect(await purge.streams()).toEqual({ done: 1, more: false });
    expect(await itemsOf(key)).toBe(0);
  });

  it('of two at once gives each job to one', async () => {
    for (let i = 0; i < 30; i++) await remove(await finished());
    const both = [createPurge(store, streams, 0), createPurge(store, streams, 0)];
    const counts = await Promise.all(both.map((purge) => purge.rows()));
    expect(counts.reduce((sum, { done }) => sum + done, 0)).toBe(30);
    expect(await rowsOf('streams_to_free')).toBe(30);
  });

  it('does not give a name away that is asked for while its job goes', async () => {
    const key = await finished({ alias: 'mine' });
    const { job } = await finished({ idempotencyKey: 'once' });
    await remove(key, { ...key, job });
    const tx = await db.database.transaction();
    expect(await createRetentionStore(tx).purge(0, 10)).toBe(2);
    const asked = jobs.schedule([scheduleRequest(team.project, 'b', { alias: 'mine' })]);
    const again = jobs.schedule([scheduleRequest(team.project, 'b', { idempotencyKey: 'once' })]);
    // Both wait for the row that is going.
    await waitingForLocks(2);
    await tx.commit();
    expect(await asked).toEqual([{ outcome: 'duplicate' }]);
    expect(await again).toMatchObject([{ outcome: 'scheduled', spider: key.spider, job }]);
    expect(await rowsOf('jobs')).toBe(0);
  });
});

/** Until so many statements of this database wait for others. */
async function waitingForLocks(count: number): Promise<void> {
  for (;;) {
    const { rows } = await db.database.raw<{ rows: [{ n: number }] }>(
      `select count(*)::int as n from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()`,
    );
    if (rows[0].n >= count) return;
  }
}

describe('undoing a deletion', () => {
  it('brings back records and metadata that a caller removed with the job', async () => {
    const key = await finished({ meta: { note: '"x"' } });
    const before = await view.find(key);
    await removeWithData(jobs, streams, key, service('me'));
    await removeWithData(jobs, streams, key, service('me'));
    expect([await itemsOf(key), (await view.find(key))?.meta]).toEqual([0, {}]);
    await undelete(store, streams, key, COMMAND);
    expect(await view.find(key)).toEqual(before);
    expect(await itemsOf(key)).toBe(1);
    await expect(undelete(store, streams, key, COMMAND)).rejects.toMatchObject({ kind: 'not_found' });
  });

  it('comes too late once the job is purged, and leaves nothing behind', async () => {
    const key = await finished();
    await removeWithData(jobs, streams, key, service('me'));
    const purge = createPurge(store, streams, 0);
    await purge.rows();
    await expect(undelete(store, streams, key, COMMAND)).rejects.toMatchObject({ kind: 'not_found' });
    await purge.streams();
    expect(await filesLeft()).toEqual([]);
  });
});

describe('blobs', () => {
  const ledger = () => createBlobLedger(db.database);
  const files = () => createFsBlobStore({ root: join(root, 'blobs') });

  async function put(content: string): Promise<string> {
    const path = join(root, 'source');
    await writeFile(path, content);
    return (await inLedger(files(), ledger()).putFile(path)).sha256;
  }

  async function isThere(sha256: string): Promise<boolean> {
    return files()
      .localPath(sha256)
      .then(existsSync, () => false);
  }

  async function age(): Promise<void> {
    await db.database.raw("update blobs set last_used = now() - interval '25 hours'");
  }

  it('go a day after the last row that names them, be it a version, an egg of one, of a project, or a report', async () => {
    const key = await finished();
    const [egg, extra] = [await put('egg'), await put('extra')];
    const [kept, report, loose] = [await put('kept'), await put('report'), await put('loose')];
    const versions = createVersionStore(db.database);
    const version = await versions.find(team.project, '1.0');
    if (!version) throw new Error('no version');
    await versions.save(COMMAND, { ...version, name: '2', eggSha256: egg, extraEggs: [extra] });
    const eggs = createEggStore(db.database);
    const named = { project: team.project, createdBy: 'me', sizeBytes: 4 };
    await eggs.save(COMMAND, { ...named, name: 'e', version: '1', sha256: kept });
    const about = { job: key, key: 'r', contentType: 't', sha256: report };
    await createReportStore(db.database).save({ ...about, ...named });

    expect(await collectBlobs(files(), ledger())).toBe(0);
    await age();
    expect(await collectBlobs(files(), ledger())).toBe(1);
    const all = [egg, extra, kept, report, loose];
    expect(await Promise.all(all.map(isThere))).toEqual([true, true, true, true, false]);

    await versions.remove(COMMAND, team.project, '2');
    await eggs.remove(COMMAND, team.project, 'e');
    await remove(key);
    expect(await collectBlobs(files(), ledger())).toBe(3);
    await createPurge(store, streams, 0).rows();
    expect(await collectBlobs(files(), ledger())).toBe(1);
    expect(await Promise.all(all.map(isThere))).toEqual(all.map(() => false));
    expect(await rowsOf('blobs')).toBe(0);
  });

  it('that are stored again while they are removed are there afterwards', async () => {
    const sha256 = await put('same');
    await age();
    const stored: Promise<string>[] = [];
    const page = { after: '', limit: 10, unusedMs: DAY_MS };
    await ledger().collect(page, async (one) => {
      stored.push(put('same'));
      await waitingForLocks(1);
      await files().remove(one);
    });
    expect(await Promise.all(stored)).toEqual([sha256]);
    expect(await isThere(sha256)).toBe(true);
    expect(await rowsOf('blobs')).toBe(1);
  });

  it('stay noted when their removal fails, and go with the next look', async () => {
    const sha256 = await put('stubborn');
    await age();
    const page = { after: '', limit: 10, unusedMs: DAY_MS };
    const failing = ledger().collect(page, async (one) => {
      await files().remove(one);
      throw new Error('killed');
    });
    await expect(failing).rejects.toThrow('killed');
    expect(await rowsOf('blobs')).toBe(1);
    expect(await collectBlobs(files(), ledger())).toBe(1);
    expect(await isThere(sha256)).toBe(false);
  });

  it('from before there was a ledger are noted first, and go a day later', async () => {
    const path = join(root, 'old');
    await writeFile(path, 'old');
    const { sha256 } = await files().putFile(path);
    expect(await collectBlobs(files(), ledger())).toBe(0);
    await age();
    expect(await collectBlobs(files(), ledger())).toBe(1);
    expect(await isThere(sha256)).toBe(false);
  });
});

describe('leftovers', () => {
  const leftovers = () => createLeftoverStore(db.database);

  it('events go once they are old enough, the oldest first', async () => {
    await remove(await finished());
    const all = await rowsOf('events');
    expect(await leftovers().removeEvents(DAY_MS, 100)).toBe(0);
    await db.database.raw(`update events set ts = now() - interval '2 days' where type = 'job.finished'`);
    expect(await leftovers().removeEvents(DAY_MS, 100)).toBe(1);
    expect(await rowsOf('events')).toBe(all - 1);
  });

  it('expired records of collections go also where nobody writes', async () => {
    const [collection] = await db
      .database('collections')
      .insert({ project_id: team.project, type: 'cs', name: 'cache' })
      .returning('id');
    const row = { collection_id: collection.id, value: '{}', ts: new Date() };
    await db.database('collection_records').insert([
      { ...row, key: 'old', expires_at: new Date(Date.now() - 1000) },
      { ...row, key: 'new', expires_at: new Date(Date.now() + DAY_MS) },
      { ...row, key: 'ever', expires_at: null },
    ]);
    expect(await leftovers().removeExpiredRecords(10)).toBe(1);
    expect(await rowsOf('collection_records')).toBe(2);
  });

  it('claims and workers go that gave no sign for long, and no others', async () => {
    const id = (await view.find(await finished()))?.id;
    const claim = { job_id: id, project_id: team.project, worker: 'w' };
    await db.database('job_claims').insert([
      { ...claim, tag: 'old', lease_until: new Date(Date.now() - 2 * DAY_MS) },
      { ...claim, tag: 'late', lease_until: new Date(Date.now() - 1000) },
    ]);
    await db.database('workers').insert([
      { id: 'gone', host: 'a', slots: 1, seen_at: new Date(Date.now() - 2 * DAY_MS) },
      { id: 'here', host: 'b', slots: 1 },
    ]);
    expect(await leftovers().hostsSeen(DAY_MS)).toEqual(['b']);
    expect(await leftovers().removeSilent(DAY_MS, 10)).toBe(2);
    expect([await rowsOf('job_claims'), await rowsOf('workers')]).toEqual([1, 1]);
  });
});

it('usage tells jobs by state, items and bytes of each project', async () => {
  const other = await makeTeam(db.database, 'other');
  await finished();
  await remove(await finished());
  await jobs.schedule([scheduleRequest(team.project, 'a')]);
  await db.database('jobs').where({ project_id: team.project, state: 'finished' }).update({ items: 7 });
  await db.database('versions').where({ project_id: team.project }).update({ egg_size_bytes: 100 });
  const [own, theirs] = await createUsageView(db.database).usage(null);
  expect(own).toEqual({
    project: team.project,
    name: 'acme-project',
    pending: 1,
    running: 0,
    finished: 1,
    deleted: 1,
    items: 7,
    blobBytes: 100,
  });
  expect(theirs).toMatchObject({ project: other.project, pending: 0, finished: 0, items: 0 });
  expect(await createUsageView(db.database).usage(other.project)).toEqual([theirs]);
});
