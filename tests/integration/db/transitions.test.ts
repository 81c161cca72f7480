import {
  type AttemptStore,
  COMMAND,
  type DispatchStore,
  type JobKey,
  type JobState,
  type JobStore,
  STORED_STATES,
  type StoredState,
  service,
  TRANSITIONS,
  type Verb,
} from '@spiderhub/core';
import { createAttemptStore, createDispatchStore, createJobStore, createRetentionStore } from '@spiderhub/db';
import { createTestDatabase, type TestDatabase } from '@spiderhub/testkit';
import { makeTeam, scheduleRequest, type Team } from '../../support/team.ts';

const LEASE_MS = 60_000;
const NOTHING = { meta: new Map<string, string>(), forget: [] };
const COUNTS = { items: 1, pages: 2, logs: 3, errors: 4 };

let db: TestDatabase;
let jobs: JobStore;
let dispatch: DispatchStore;
let attempts: AttemptStore;
let team: Team;

beforeAll(async () => {
  db = await createTestDatabase();
  jobs = createJobStore(db.database);
  dispatch = createDispatchStore(db.database, { leaseMs: LEASE_MS });
  attempts = createAttemptStore(db.database);
});
afterAll(() => db.close());
// A project for each case: nothing else waits in it.
beforeEach(async () => {
  team = await makeTeam(db.database, `team ${Math.random()}`);
});
afterEach(async () => {
  await db.database('jobs').where({ project_id: team.project }).update({ state: 'deleted' });
});

interface Subject {
  id: number;
  key: JobKey;
  /** The latest ticket. */
  attempt: number;
}

async function jobIn(state: StoredState): Promise<Subject> {
  const [made] = await jobs.schedule([scheduleRequest(team.project, 'a')]);
  if (made?.outcome !== 'scheduled') throw new Error('not scheduled');
  const key = { project: team.project, spider: made.spider, job: made.job };
  const subject = { id: made.id, key, attempt: 0 };
  if (state === 'pending') return subject;
  if (state === 'deleted')
    await jobs.remove({ project: team.project, keys: [key], strict: true }, service('before'));
  if (state === 'finished') {
    await move(subject, 'running');
    await move(subject, 'finished');
  }
  if (state === 'finished' || state === 'deleted') return subject;
  const [ticket] = await dispatch.admit(0, 1);
  subject.attempt = ticket?.attempt ?? 0;
  if (state === 'running') await attempts.claim(made.id, subject.attempt, 'w1', LEASE_MS);
  return subject;
}

function move({ key: { project, spider, job } }: Subject, state: JobState) {
  return jobs.move({ project, spider, job, state, change: NOTHING, by: service('me') });
}

function finish({ id, attempt }: Subject, closeReason: string) {
  return attempts.finish(id, attempt, { closeReason, counts: COUNTS, scrapyStats: null });
}

const ACTIONS: Record<Verb, (subject: Subject) => Promise<unknown>> = {
  admit: () => dispatch.admit(0, 1),
  claim: ({ id, attempt }) => attempts.claim(id, attempt, 'w2', LEASE_MS),
  take: async () => {
    await db.database('projects').where({ id: team.project }).update({ paused: true });
    return jobs.take(team.project, NOTHING, service('me'));
  },
  stop: ({ key }) =>
    jobs.stop({ project: team.project, keys: [key], strict: true }, { level: 1, by: service('me') }),
  end: (subject) => finish(subject, 'finished'),
  retry: (subject) => finish(subject, 'lost'),
  'move to pending': (subject) => move(subject, 'pending'),
  'move to running': (subject) => move(subject, 'running'),
  'move to finished': (subject) => move(subject, 'finished'),
  restore: ({ key }) => createRetentionStore(db.database).restore(COMMAND, key),
  remove: ({ key }) => jobs.remove({ project: team.project, keys: [key], strict: true }, service('me')),
};

const CASES = (Object.keys(TRANSITIONS) as Verb[]).flatMap((verb) =>
  STORED_STATES.map((state) => ({ verb, state, row: TRANSITIONS[verb][state] })),
);

async function rowOf(id: number) {
  return db.database('jobs').where({ id }).first();
}

async function eventsAfter(last: number): Promise<string[]> {
  const rows = await db
    .database('events')
    .where({ project_id: team.project })
    .where('id', '>', last)
    .orderBy('id');
  return rows.map((row) => row.type);
}

async function lastEvent(): Promise<number> {
  return Number((await db.database('events').max('id as id').first())?.id ?? 0);
}

describe('every verb in every state', () => {
  it.each(CASES)('$verb of a job that is $state', async ({ verb, state, row }) => {
    const subject = await jobIn(state);
    const before = await rowOf(subject.id);
    const last = await lastEvent();
    const answer = await ACTIONS[verb](subject);
    const after = await rowOf(subject.id);
    expect(after.state).toBe(row?.to ?? state);
    expect(await eventsAfter(last)).toEqual(row?.events ?? []);
    if (row?.tells?.includes('worker')) expect(answer).toMatchObject([{ worker: 'w1', previous: 'running' }]);
    if (!row) {
      // Neither a time nor a name changes where nothing happens.
      expect(after).toEqual(before);
    }
  });

  it.each(CASES.filter(({ row }) => row))(
    '$verb of a job that is $state keeps the counters right',
    async (one) => {
      const subject = await jobIn(one.state);
      await ACTIONS[one.verb](subject);
      expect(await counted()).toEqual({
        [one.row?.to === 'running' && (await rowOf(subject.id)).external ? 'outside' : (one.row?.to ?? '')]:
          1,
      });
    },
  );

  it.each(CASES.filter(({ row, state }) => row && state === 'running' && row.to !== 'running'))(
    '$verb takes the lease of a running job with it',
    async ({ verb }) => {
      const subject = await jobIn('running');
      await ACTIONS[verb](subject);
      expect(await db.database('leases').where({ job_id: subject.id })).toEqual([]);
      expect(await attempts.heartbeat('w1', [{ ...subject, counts: COUNTS }], LEASE_MS)).toEqual([]);
    },
  );
});

/** Jobs of the project by state, as its counters have it. */
async function counted(): Promise<Record<string, number>> {
  const { rows } = await db.database.raw<{ rows: { state: string; n: string }[] }>(
    `select state, sum(n) as n from (
      select state, n from job_counts where project_id = :project
      union all select state, n from job_count_changes where project_id = :project
    ) x group by state having sum(n) <> 0`,
    { project: team.project },
  );
  return Object.fromEntries(rows.map(({ state, n }) => [state, Number(n)]));
}

describe('counters', () => {
  it('equal a count of the rows after everything at once, folded meanwhile', async () => {
    const each = async (work: (n: number) => Promise<unknown>) =>
      Promise.all(Array.from({ length: 60 }, (_, n) => work(n)));
    const subjects: Subject[] = [];
    await each(async () => subjects.push(await jobIn('pending')));
    let busy = true;
    const folding = (async () => {
      while (busy) await dispatch.foldCounts();
    })();
    await Promise.all([
      each(async () => {
        for (const ticket of await dispatch.admit(0, 2)) {
          await attempts.claim(ticket.id, ticket.attempt, 'w1', LEASE_MS);
          await finish(
            { ...ticket, key: { project: 0, spider: 0, job: 0 } },
            ticket.id % 2 ? 'finished' : 'lost',
          );
        }
      }),
      each(async (n) => {
        const subject = subjects[n];
        if (subject) await (n % 3 ? ACTIONS.stop(subject) : ACTIONS.remove(subject));
      }),
      each(async (n) => jobs.schedule([scheduleRequest(team.project, n % 2 ? 'a' : 'b')])),
    ]);
    busy = false;
    await folding;
    await dispatch.foldCounts();
    const rows = await db
      .database('jobs')
      .where({ project_id: team.project })
      .groupBy('state')
      .select('state')
      .count('* as n');
    expect(await counted()).toEqual(Object.fromEntries(rows.map(({ state, n }) => [state, Number(n)])));
    expect(await db.database('job_count_changes').where({ project_id: team.project })).toEqual([]);
  });

  it('follow rows that are removed', async () => {
    const { id } = await jobIn('finished');
    await db.database('jobs').where({ id }).delete();
    expect(await counted()).toEqual({});
  });
});
