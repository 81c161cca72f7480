import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { ApiUnderTest } from '../api/support.ts';
import { startLimitedApi } from './support.ts';

/** More than the sockets between us hold, so that a download that nobody reads stays where it is. */
const JOBS = 30_000;
/** A caller may have as many; the pool has ten connections. */
const STREAMS = 40;

let api: ApiUnderTest;
const open: IncomingMessage[] = [];

beforeAll(async () => {
  api = await startLimitedApi();
  await api.database.database.raw(
    `insert into jobs (project_id, spider, number, state, attempt, priority, finished_at, state_since)
    select p, 1, n, 'finished', 1, 2, now(), now() - n * interval '1 s'
    from generate_series(1, :jobs::int) n, unnest(:projects::int[]) p`,
    { jobs: JOBS, projects: [api.team.project, api.other.project] },
  );
});
afterAll(async () => {
  for (const one of open) one.destroy();
  await api?.close();
});

function send(path: string, key: string) {
  const { port } = api.server.address() as AddressInfo;
  const headers = { authorization: `Basic ${Buffer.from(`${key}:`).toString('base64')}` };
  const outgoing = request({ port, host: '127.0.0.1', path, headers, agent: false });
  outgoing.on('error', () => {});
  outgoing.end();
  return outgoing;
}

async function started(path: string, key: string): Promise<IncomingMessage> {
  const [incoming] = (await once(send(path, key), 'response')) as [IncomingMessage];
  incoming.on('error', () => {});
  return incoming;
}

it('of a tenant that reads none of them leave the database to others', async () => {
  const path = (project: number) => `/api/jobs/list.jl?project=${project}`;
  const first = await started(path(api.team.project), api.team.key);
  open.push(first);
  for (let i = 1; i < STREAMS; i++) {
    send(path(api.team.project), api.team.key).on('response', (incoming) => open.push(incoming));
  }
  const other = await started(path(api.other.project), api.other.key);
  expect(other.statusCode).toBe(200);
  let lines = 0;
  for await (const chunk of other) lines += String(chunk).split('\n').length - 1;
  // A line for each, and one before them.
  expect(lines).toBe(JOBS + 1);
  const list = await api.get(`/api/jobs/list.json?project=${api.other.project}&count=5`, api.other.key);
  expect(list.body).toMatchObject({ status: 'ok', count: 5 });
  // And those that wait get their turn when the others end.
  expect(open.length).toBeLessThan(STREAMS);
  const before = open.length;
  for (const one of open.splice(0)) one.destroy();
  while (open.length === 0) await new Promise((resolve) => setImmediate(resolve));
  expect(before).toBeGreaterThan(0);
});
