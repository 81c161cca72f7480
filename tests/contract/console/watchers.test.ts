import { COMMAND, hashToken, newToken } from '@spiderhub/core';
import { createDatabase, createJobStore, type Database } from '@spiderhub/db';
import { eventually, scheduleRequest } from '@spiderhub/testkit';
import { type ApiUnderTest, startApi } from '../../integration/api/support.ts';
import { type Listening, listen } from '../../support/sse.ts';

/** What many who watch one project cost together: each with a session of its own, as people have them. */

const WATCHERS = 200;
const SECONDS = 8;
/** A few looks in a row see at once what happens now and then. */
const BURST = 5;

let api: ApiUnderTest;
/** What happens comes from elsewhere: another pool, whose statements are not counted. */
let elsewhere: Database;
let base: string;
let cookies: string[];
const open: Listening[] = [];

beforeAll(async () => {
  api = await startApi();
  elsewhere = createDatabase(api.database.url);
  const address = api.server.address();
  if (address === null || typeof address === 'string') throw new Error('the API does not listen');
  base = `http://127.0.0.1:${address.port}/console`;
  const user = await elsewhere('users').where({ name: 'acme-user' }).first('id');
  const tokens = Array.from({ length: WATCHERS }, () => newToken());
  await elsewhere('sessions').insert(
    tokens.map((token) => ({
      token_hash: hashToken(token),
      user_id: user.id,
      ends_at: elsewhere.raw("now() + interval '1 day'"),
    })),
  );
  cookies = tokens.map((token) => `spiderhub_session=${token}`);
});
afterAll(async () => {
  for (const stream of open) stream.close();
  await elsewhere.destroy();
  await api.close();
});

type Kind = 'looks' | 'log' | 'credentials' | 'others';

/** Statements of the API until the returned function is called. */
function counting(): () => { kinds: Record<Kind, number>; others: string[] } {
  const kinds: Record<Kind, number> = { looks: 0, log: 0, credentials: 0, others: 0 };
  const others: string[] = [];
  const count = ({ sql }: { sql: string }) => {
    const kind = kindOf(sql);
    kinds[kind] += 1;
    if (kind === 'others') others.push(sql);
  };
  api.database.database.on('query', count);
  return () => {
    api.database.database.removeListener('query', count);
    return { kinds, others };
  };
}

function kindOf(sql: string): Kind {
  if (/job_counts/.test(sql)) return 'looks';
  if (/from events|pg_snapshot_xmin/.test(sql)) return 'log';
  return /from sessions s join users/.test(sql) ? 'credentials' : 'others';
}

/** Lets something happen all the time; how often, and in how many seconds. */
async function finishSome(): Promise<{ made: number; seconds: number }> {
  const store = createJobStore(elsewhere);
  const from = performance.now();
  let made = 0;
  for (; performance.now() < from + SECONDS * 1000; made += 1) {
    const request = scheduleRequest(api.team.project, 'a', { state: 'running', external: true });
    const [answer] = await store.schedule([request]);
    if (answer?.outcome !== 'scheduled') throw new Error('not scheduled');
    const { spider, job } = answer;
    await store.move({
      project: api.team.project,
      spider,
      job,
      state: 'finished',
      change: { closeReason: 'finished', meta: new Map(), forget: [] },
      by: COMMAND,
    });
    api.parts.signals.happened();
    await new Promise((resolve) => setTimeout(resolve, 40));
  }
  return { made, seconds: (performance.now() - from) / 1000 };
}

it(`cost one statement a second, however many of them watch a project`, async () => {
  const path = `${base}/stream?projects=${api.team.project}`;
  open.push(...(await Promise.all(cookies.map((cookie) => listen(path, { cookie })))));
  expect(open.map(({ status }) => status)).toEqual(Array(WATCHERS).fill(200));
  await eventually(() => {
    for (const { events } of open) expect(events.map(({ event }) => event)).toContain('counts');
  });
  const stop = counting();
  const { made, seconds } = await finishSome();
  const { kinds, others } = stop();
  expect(others).toEqual([]);
  expect(kinds.looks).toBeLessThanOrEqual(seconds + 1);
  expect(kinds.log).toBeLessThanOrEqual(seconds + BURST);
  expect(kinds.credentials).toBeLessThanOrEqual(2 * seconds);
  // Everybody hears all of it all the same.
  await eventually(() => {
    for (const { events } of open) {
      const told = events.filter(({ event, data }) => event === 'job' && data.type === 'job.finished');
      expect(new Set(told.map(({ data }) => data.key)).size).toBe(made);
    }
  });
  await eventually(() => {
    for (const { events } of open)
      expect(events.findLast(({ event }) => event === 'row')?.data).toMatchObject({
        state: 'finished',
        outcome: 'ok',
      });
  });
});

it('cost nothing of the project while nothing happens', async () => {
  await new Promise((resolve) => setTimeout(resolve, 3000));
  const stop = counting();
  await new Promise((resolve) => setTimeout(resolve, 4000));
  const { kinds, others } = stop();
  expect([kinds.looks, others]).toEqual([0, []]);
  expect(kinds.log).toBeLessThanOrEqual(3);
});

it('read the list of jobs together when they all ask for it', async () => {
  const stop = counting();
  const path = `${base}/projects/${api.team.project}/jobs`;
  const answers = await Promise.all(cookies.map((cookie) => fetch(path, { headers: { cookie } })));
  expect(answers.map(({ status }) => status)).toEqual(Array(WATCHERS).fill(200));
  const { others } = stop();
  const lists = others.filter((sql) => /border as materialized/.test(sql));
  expect(lists.length).toBeGreaterThan(0);
  // How many share one depends on how many come while it is read.
  expect(lists.length).toBeLessThan(WATCHERS / 2);
});

it('are each told by the next look at their sessions, one a second, that theirs has ended', async () => {
  const [gone] = open;
  await elsewhere('sessions')
    .where({ token_hash: hashToken((cookies[0] ?? '').split('=')[1] ?? '') })
    .delete();
  const stop = counting();
  await gone?.ended;
  const { kinds } = stop();
  expect(gone?.events.at(-1)).toMatchObject({ event: 'bye', data: { reason: 'revoked' } });
  // One more may have been under way.
  expect(kinds.credentials).toBeLessThanOrEqual(2);
  expect(open[1]?.events.at(-1)?.event).not.toBe('bye');
});
