import { createAttemptStore, createDispatchStore, createJobView } from '@spiderhub/db';
import { scheduleRequest } from '../../support/team.ts';
import { type ScrapydUnderTest, startScrapydDialect } from './support.ts';

const LEASE_MS = 60_000;
const COUNTS = { items: 3, pages: 4, logs: 5, errors: 0 };

let scrapyd: ScrapydUnderTest;
beforeEach(async () => {
  scrapyd = await startScrapydDialect();
});
afterEach(() => scrapyd.close());

async function schedule(more: string): Promise<{ status: string; jobid: string; message?: string }> {
  return (await scrapyd.post('schedule', `project=acme-project&spider=a&${more}`)).body;
}

const dispatch = () => createDispatchStore(scrapyd.database.database, { leaseMs: LEASE_MS });
const attempts = () => createAttemptStore(scrapyd.database.database);

/** Admits and claims the next job, as the leader and a worker do. */
async function start(): Promise<{ id: number; attempt: number; spiderArgs: object; version: string | null }> {
  const [ticket] = await dispatch().admit(0, 1);
  if (!ticket) throw new Error('nothing to start');
  const job = await attempts().claim(ticket.id, ticket.attempt, 'worker-1', LEASE_MS);
  if (!job) throw new Error('not claimed');
  return {
    id: job.id,
    attempt: job.attempt,
    spiderArgs: { ...job.internalArgs, ...job.args },
    version: job.version,
  };
}

async function finish({ id, attempt }: { id: number; attempt: number }, closeReason = 'finished') {
  await attempts().finish(id, attempt, { closeReason, counts: COUNTS, scrapyStats: null, exitStatus: '0' });
}

async function state(job: string): Promise<unknown> {
  return (await scrapyd.get(`/status.json?job=${encodeURIComponent(job)}`)).body.currstate;
}

describe('priority', () => {
  it('orders the queue as exactly as it orders the list', async () => {
    const priorities = [
      '0',
      '-0.5',
      '2',
      '1e-320',
      'inf',
      '1.5',
      '-inf',
      '1.25',
      '-7',
      '100',
      'nan',
      '0',
      '0.1',
      '-1e-9',
    ];
    for (const [i, priority] of priorities.entries()) await schedule(`jobid=j${i}&priority=${priority}`);
    const { pending } = (await scrapyd.get('/listjobs.json?project=acme-project')).body;
    const listed = pending.map(({ id }: { id: string }) => priorities[Number(id.slice(1))]);
    expect(listed).toEqual([
      'inf',
      '100',
      '2',
      '1.5',
      '1.25',
      '0.1',
      '1e-320',
      '0',
      '0',
      '-1e-9',
      '-0.5',
      '-7',
      '-inf',
      'nan',
    ]);
    const started: unknown[] = [];
    for (const _ of priorities) started.push((await start()).spiderArgs);
    expect(started).toEqual(pending.map(({ id }: { id: string }) => ({ _job: id })));
  });
});

describe('a job', () => {
  it('hands the spider its arguments, and `_version` only where it was given', async () => {
    await schedule('jobid=one&x=1&y=2&setting=A=1');
    await schedule('jobid=two&_version=1_0');
    expect(await start()).toMatchObject({ spiderArgs: { _job: 'one', x: '1', y: '2' }, version: '1.0' });
    expect(await start()).toMatchObject({ spiderArgs: { _job: 'two', _version: '1_0' }, version: '1.0' });
  });

  it('has one name for Scrapyd and a key for all others, and both find it', async () => {
    await schedule('jobid=mine&x=1');
    const key = { project: scrapyd.acme.project, spider: 1, job: 1 };
    expect(await createJobView(scrapyd.database.database).find(key)).toMatchObject({
      state: 'pending',
      args: { x: '1' },
      scheduledBy: 'ann',
    });
    const slashed = Object.values(key).join('/');
    expect(await Promise.all(['mine', slashed, slashed.replaceAll('/', '-')].map(state))).toEqual(
      Array(3).fill('pending'),
    );
    const cancelled = await scrapyd.post('cancel', { project: 'acme-project', job: slashed });
    expect(cancelled.body).toMatchObject({ prevstate: 'pending' });
    expect(await state('mine')).toBeNull();
  });

  it('that another API scheduled is here too, under its key', async () => {
    const key = await scrapyd.jobs.schedule(
      scheduleRequest(scrapyd.acme.project, 'b', { tags: ['t'], priority: 4 }),
    );
    const name = `${key.project}-${key.spider}-${key.job}`;
    const { pending } = (await scrapyd.get('/listjobs.json?project=acme-project')).body;
    expect(pending).toEqual([
      expect.objectContaining({
        id: name,
        spider: 'b',
        priority: 2,
        key: name.replaceAll('-', '/'),
      }),
    ]);
    await finish(await start());
    expect(await state(name)).toBe('finished');
    expect((await scrapyd.get(`/logs/acme-project/b/${name}.log`)).status).toBe(200);
  });

  it('of one name is scheduled once by twenty callers', async () => {
    const answers = await Promise.all(Array.from({ length: 20 }, () => schedule('jobid=same')));
    expect(answers.filter(({ status }) => status === 'ok')).toHaveLength(1);
    expect(answers.find(({ status }) => status === 'error')?.message).toBe(
      "jobid is invalid: project 'acme-project' has a job 'same' already",
    );
    await scrapyd.post('cancel', 'project=acme-project&job=same');
    expect(await schedule('jobid=same')).toMatchObject({ status: 'error' });
  });

  it('goes through its states with all that is known of it', async () => {
    await schedule('jobid=j&x=1&setting=A=1&priority=1.5&_version=1.0');
    const job = await start();
    const { running } = (await scrapyd.get('/listjobs.json')).body;
    expect(running).toEqual([
      expect.objectContaining({
        id: 'j',
        pid: expect.any(Number),
        start_time: expect.stringMatching(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d{6})?$/),
        log_url: '/logs/acme-project/a/j.log',
        args: { x: '1' },
        settings: { A: '1' },
        version: '1.0',
        priority: 1.5,
      }),
    ]);
    expect(running[0].pid).toBeGreaterThan(4_194_304);
    await finish(job, 'closespider_itemcount');
    const { finished, ...others } = (await scrapyd.get('/listjobs.json')).body;
    expect(others).toMatchObject({ pending: [], running: [] });
    expect(finished).toEqual([
      expect.objectContaining({
        id: 'j',
        items_url: '/items/acme-project/a/j.jl',
        finish_reason: 'closespider_itemcount',
        exit_status: 0,
      }),
    ]);
    expect((await scrapyd.get('/daemonstatus.json')).body).toMatchObject({
      pending: 0,
      running: 0,
      finished: 1,
    });
  });
});

describe('a cancel', () => {
  async function cancel(signal: string): Promise<unknown> {
    return (await scrapyd.post('cancel', { project: 'acme-project', job: 'j', signal })).body;
  }
  async function heard({ id, attempt }: { id: number; attempt: number }): Promise<unknown> {
    const [beat] = await attempts().heartbeat('worker-1', [{ id, attempt, counts: COUNTS }], LEASE_MS);
    return beat?.stopLevel;
  }

  it('asks once, a second one asks once more, and a kill kills', async () => {
    await schedule('jobid=j');
    const job = await start();
    for (const [signal, level] of [
      ['0', 0],
      ['INT', 1],
      ['0', 1],
      ['TERM', 2],
      ['INT', 2],
      ['KILL', 3],
      ['INT', 3],
    ] as const) {
      expect(await cancel(signal)).toMatchObject({ prevstate: 'running' });
      expect([signal, await heard(job)]).toEqual([signal, level]);
    }
    // A question is no news for the worker.
    expect(scrapyd.stops).toEqual(Array(5).fill('worker-1'));
  });

  it('does not reach a running job with a signal that there is not', async () => {
    await schedule('jobid=j');
    const job = await start();
    expect(await cancel('SIGINT')).toMatchObject({
      message: "TypeError: 'str' object cannot be interpreted as an integer",
    });
    expect(await heard(job)).toBe(0);
  });

  it('ends a pending job and leaves a finished one alone', async () => {
    await schedule('jobid=j');
    expect(await cancel('nonsense')).toMatchObject({ prevstate: 'pending' });
    expect(await cancel('INT')).toMatchObject({ prevstate: null });
    expect((await scrapyd.get('/listjobs.json')).body).toMatchObject({ pending: [], finished: [] });
  });
});

describe('lists', () => {
  it('are paged and filtered by parameters of our own', async () => {
    for (let i = 0; i < 5; i++) {
      await scrapyd.post('schedule', `project=acme-project&spider=${i % 2 ? 'b' : 'a'}&jobid=j${i}`);
    }
    const ids = async (query: string) => {
      const { body } = await scrapyd.get(`/listjobs.json?${query}`);
      return body.pending?.map(({ id }: { id: string }) => id) ?? body.message;
    };
    expect(await ids('limit=2')).toEqual(['j0', 'j1']);
    expect(await ids('limit=2&offset=3')).toEqual(['j3', 'j4']);
    expect(await ids('spider=b')).toEqual(['j1', 'j3']);
    expect(await ids('state=finished')).toEqual([]);
    expect(await ids('limit=0')).toEqual([]);
    expect(await ids('limit=-1')).toBe('limit is invalid: expected a whole number');
    expect(await ids('state=lost')).toBe('state is invalid: expected one of pending, running, finished');
  });

  it('of thousands of jobs are whole and in order', async () => {
    const many = 2345;
    const { database } = scrapyd.database;
    await Promise.all(
      Array.from({ length: many }, (_, i) =>
        scrapyd.jobs.schedule(
          scheduleRequest(scrapyd.acme.project, 'a', { alias: `j${i}`, args: { é: '😀' } }),
        ),
      ),
    );
    await database.raw(
      "update jobs set state = 'running', worker = 'w', running_at = now() where id % 3 = 1",
    );
    await database.raw(
      "update jobs set state = 'finished', running_at = now(), finished_at = now(), state_since = now() + id * interval '1 ms' where id % 3 = 2",
    );
    const answer = await scrapyd.get('/listjobs.json');
    expect(answer.text).toMatch(/^[\n -~]+$/);
    const { pending, running, finished } = answer.body;
    expect(pending.length + running.length + finished.length).toBe(many);
    expect(new Set([...pending, ...running, ...finished].map(({ id }) => id)).size).toBe(many);
    const numbers = (list: { key: string }[]) => list.map(({ key }) => Number(key.split('/')[2]));
    expect(numbers(pending)).toEqual(numbers(pending).sort((a, b) => a - b));
    expect(numbers(finished)).toEqual(numbers(finished).sort((a, b) => b - a));
    expect(pending[0].args).toEqual({ é: '😀' });
    const page = (await scrapyd.get('/jobs')).text;
    expect(page.match(/<tr>/g)).toHaveLength(many + 4);
  });
});
