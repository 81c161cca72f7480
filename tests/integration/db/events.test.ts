import {
  COMMAND,
  type EventLog,
  type EventPosition,
  formatCursor,
  type LoggedEvent,
  readCursor,
} from '@spiderhub/core';
import { createActivityStore, createEventLog, createJobStore } from '@spiderhub/db';
import { createTestDatabase, eventsTold, type TestDatabase } from '@spiderhub/testkit';
import { makeTeam, saveVersion, scheduleRequest, type Team } from '../../support/team.ts';

let db: TestDatabase;
let log: EventLog;
let team: Team;

beforeEach(async () => {
  db = await createTestDatabase();
  log = createEventLog(db.database);
  team = await makeTeam(db.database);
  await eventsTold(db.database);
});
afterEach(() => db.close());

/** Reads on until nothing is left of what was written before. */
async function all(cursor: string, limit?: number): ReturnType<typeof follow> {
  await eventsTold(db.database);
  return follow(cursor, limit);
}

/** Reads on until nothing is left. */
async function follow(cursor: string, limit = 7): Promise<{ events: LoggedEvent[]; cursor: string }> {
  const events: LoggedEvent[] = [];
  for (let at = cursor; ; ) {
    const page = await log.read(at, limit);
    events.push(...page.events);
    at = page.cursor;
    if (!page.more) return { events, cursor: at };
  }
}

describe('the event log', () => {
  it('tells of deployments, jobs and what callers report, with who did it', async () => {
    const start = await log.end();
    await saveVersion(db.database, team.project, '2.0', ['a']);
    await createJobStore(db.database).schedule([scheduleRequest(team.project, 'a')]);
    await createActivityStore(db.database).add(team.project, ['{"event":"mine"}']);
    const { events } = await all(start);
    expect(events).toMatchObject([
      { type: 'version.deployed', actor: 'test', job: null, data: '{"version" : "2.0"}' },
      { type: 'job.scheduled', actor: 'test', job: { spider: 1, job: 1 } },
      { type: 'project.reported', data: '{"event":"mine"}' },
    ]);
  });

  it('tells of tags that change, job by job, and of those of very many jobs in one line', async () => {
    const jobs = createJobStore(db.database);
    const made = await jobs.schedule([
      scheduleRequest(team.project, 'a', { tags: ['old'] }),
      scheduleRequest(team.project, 'a', { tags: ['new'] }),
    ]);
    const change = (add: string[]) =>
      jobs.changeTags({ project: team.project }, { add, remove: ['old'] }, COMMAND);
    await eventsTold(db.database);
    const start = await log.end();
    // The second job has it already.
    await change(['new']);
    const { events, cursor } = await all(start);
    expect(events).toMatchObject([
      {
        type: 'job.tagged',
        job: { spider: 1, job: made[0]?.outcome === 'scheduled' && made[0].job },
        data: '{"tags" : ["new"]}',
      },
    ]);
    await db.database.raw(
      `insert into jobs (project_id, spider, number, state, priority, external, pending_at)
      select project_id, spider, 1000 + n, state, priority, true, now() from jobs, generate_series(1, 1000) n where number = 1`,
    );
    const behind = (await all(cursor, 1000)).cursor;
    await change(['many']);
    expect((await all(behind)).events).toMatchObject([
      { type: 'job.tagged', job: null, data: '{"jobs" : 1002}' },
    ]);
  });

  it('gives each event of racing transactions exactly once, which a look at ids alone would not', async () => {
    const writers = 8;
    const rounds = 30;
    let writing = writers;
    const seen: string[] = [];
    const naive: string[] = [];
    const write = async (writer: number) => {
      for (let n = 0; n < rounds; n++) {
        await db.database.transaction(async (tx) => {
          await tx('events').insert({
            project_id: team.project,
            type: 'project.reported',
            data: `"${writer}/${n}"`,
          });
          await tx.raw('select pg_sleep(?)', [Math.random() / 100]);
        });
      }
      writing -= 1;
    };
    const readById = async () => {
      for (let last = 0; ; ) {
        const done = writing === 0;
        const rows = await db
          .database('events')
          .where('id', '>', last)
          .where({ type: 'project.reported' })
          .orderBy('id');
        naive.push(...rows.map((row) => row.data));
        last = Number(rows.at(-1)?.id ?? last);
        if (done) return;
      }
    };
    const readByCursor = async () => {
      for (let cursor = await log.beginning(); ; ) {
        const done = writing === 0;
        const page = await (done ? all(cursor) : follow(cursor));
        cursor = page.cursor;
        seen.push(
          ...page.events.filter(({ type }) => type === 'project.reported').map(({ data }) => data ?? ''),
        );
        if (done) return;
      }
    };
    await Promise.all([...Array.from({ length: writers }, (_, n) => write(n)), readById(), readByCursor()]);
    const written = Array.from(
      { length: writers * rounds },
      (_, n) => `"${n % writers}/${Math.floor(n / writers)}"`,
    );
    expect(seen.sort()).toEqual(written.sort());
    // The race was a real one.
    expect(naive.length).toBeLessThan(written.length);
  });

  it('holds back what comes after a transaction that still writes, and shows nothing of one that failed', async () => {
    const start = await log.end();
    await db.database.transaction(async (tx) => {
      await tx('events').insert({ project_id: team.project, type: 'project.reported', data: '"slow"' });
      await createActivityStore(db.database).add(team.project, ['"quick"']);
      expect((await log.read(start, 10)).events).toEqual([]);
    });
    const failed = db.database.transaction(async (tx) => {
      await tx('events').insert({ project_id: team.project, type: 'project.reported', data: '"never"' });
      throw new Error('undone');
    });
    await expect(failed).rejects.toThrow('undone');
    const { events } = await all(start);
    expect(events.map(({ data }) => data)).toEqual(['"slow"', '"quick"']);
  });

  it('shows a reader of some projects no event of another one', async () => {
    const other = await makeTeam(db.database, 'other');
    await eventsTold(db.database);
    const start = await log.end();
    await createActivityStore(db.database).add(other.project, ['"theirs"']);
    await createActivityStore(db.database).add(team.project, ['"ours"']);
    await eventsTold(db.database);
    const page = await log.read(start, 10, { projects: [team.project] });
    expect(page.events.map(({ data }) => data)).toEqual(['"ours"']);
  });

  it('is another log where a dump of it was read into another server, knows what was told and goes on', async () => {
    const cursor = await log.end();
    const add = (event: string) => createActivityStore(db.database).add(team.project, [event]);
    await add('"old"');
    // As a dump brings it along: transactions of there, which are far ahead here.
    await db.database('secrets').where({ name: 'event-log-place' }).update({ value: 'elsewhere/1' });
    await db.database('events').update({ xid: '18000000000000000000' });
    await db.database('event_floor').update({ xid: '17000000000000000000' });
    log = createEventLog(db.database);
    await expect(log.read(cursor, 1)).rejects.toMatchObject({ code: 'other_log' });
    const fresh = await log.end();
    await add('"new"');
    const told = async (from: string) => (await all(from)).events.map(({ data }) => data);
    expect((await told(await log.beginning())).slice(-2)).toEqual(['"old"', '"new"']);
    expect(await told(fresh)).toEqual(['"new"']);
    expect(await createEventLog(db.database).beginning()).toBe(await log.beginning());
  });

  it('tells a reader that is ahead of all transactions that the log was put back', async () => {
    const { log: name, xid } = readCursor(await log.end()) as EventPosition;
    const ahead = formatCursor({ log: name, xid: xid + 1_000_000n, id: 1n });
    await expect(log.read(ahead, 1)).rejects.toMatchObject({
      code: 'other_log',
      details: { cursor: await log.beginning() },
    });
  });

  it('refuses what is no cursor, and a cursor of a log that was replaced by a restore', async () => {
    const cursor = await log.end();
    await expect(log.read('x', 1)).rejects.toMatchObject({ kind: 'invalid' });
    await db.database('secrets').where({ name: 'event-log' }).delete();
    await expect(createEventLog(db.database).read(cursor, 1)).rejects.toMatchObject({ code: 'other_log' });
  });
});
