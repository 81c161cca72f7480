import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { request } from 'node:http';
import { join } from 'node:path';
import { eventually, freePort } from '@spiderhub/testkit';
import { type Service, startService } from '../../support/service.ts';

let service: Service;
let scrapydPort: number;

beforeAll(async () => {
  scrapydPort = await freePort();
  service = await startService({
    workers: 0,
    spiders: ['a'],
    env: { API_PROCESSES: '2', SCRAPYD_PORT: String(scrapydPort), AUTH_FAILURES_PER_MINUTE: '1' },
  });
});
afterAll(() => service?.stop());

/** A connection that is handed to a process as it is killed gets no answer, and nobody closes it, ms. */
const ANSWER_MS = 15_000;

/** On a connection of its own, so that the next one comes to another process. */
function ask(path: string, key = service.team.key, base = service.url): Promise<Response> {
  const authorization = `Basic ${Buffer.from(`${key}:`).toString('base64')}`;
  const signal = AbortSignal.timeout(ANSWER_MS);
  return fetch(base + path, { signal, headers: { authorization, connection: 'close' } });
}

async function logged(): Promise<{ pid: number; msg: string }[]> {
  const text = await readFile(join(service.home, 'api-0.log'), 'utf8');
  return text.split('\n').flatMap((line) => (line.startsWith('{') ? [JSON.parse(line)] : []));
}

/** The processes that have answered requests. */
async function answering(): Promise<number[]> {
  const lines = await logged();
  return [...new Set(lines.filter(({ msg }) => msg === 'request').map(({ pid }) => pid))];
}

async function missing(): Promise<string[]> {
  const answer = await ask('/readyz');
  return ((await answer.json()) as { missing: string[] }).missing;
}

it('answer on one port, and on the port of Scrapyd', async () => {
  for (let i = 0; i < 6; i++) {
    expect((await ask('/api/scrapyd/listprojects.json')).status).toBe(200);
    const scrapyd = await ask('/daemonstatus.json', service.team.key, `http://127.0.0.1:${scrapydPort}`);
    expect(scrapyd.status).toBe(200);
  }
  await eventually(async () => expect(await answering()).toHaveLength(2));
  expect(await missing()).toEqual(['worker']);
});

it('are started anew when they die, and the service is not ready meanwhile', async () => {
  const [victim, other] = (await answering()) as [number, number];
  process.kill(victim, 'SIGKILL');
  // It is missing for a moment only: nobody waits for one answer before the next question.
  const heard: string[][] = [];
  await eventually(() => {
    void missing()
      .then((parts) => heard.push(parts))
      .catch(() => undefined);
    expect(heard.flat()).toContain('processes');
  });
  await eventually(async () => expect((await ask('/api/scrapyd/listprojects.json')).status).toBe(200));
  await eventually(async () => expect(await missing()).toEqual(['worker']));
  await eventually(async () => {
    await ask('/healthz');
    const newcomers = (await answering()).filter((pid) => pid !== victim && pid !== other);
    expect(newcomers).toHaveLength(1);
  });
});

it('count wrong keys together', async () => {
  const wrong = (i: number) => i.toString(16).padStart(32, '0');
  // Ten times one: this machine itself has more tries.
  for (let i = 0; i < 10; i++) expect((await ask('/api/v2/users/me', wrong(i))).status).toBe(401);
  for (let i = 10; i < 14; i++) expect((await ask('/api/v2/users/me', wrong(i))).status).toBe(429);
  expect((await ask('/api/v2/users/me')).status).toBe(200);
});

it('end what they have begun when the service is stopped', async () => {
  const key = Buffer.from(`${service.team.key}:`).toString('base64');
  const sending = request(`${service.url}/collections/${service.team.project}/s/c`, {
    method: 'POST',
    headers: { authorization: `Basic ${key}`, expect: '100-continue', connection: 'close' },
  });
  sending.flushHeaders();
  // Then it has begun.
  await once(sending, 'continue');
  sending.write('{"_key":"a"}\n');
  const stopped = service.api.stop();
  await eventually(async () => {
    expect((await logged()).filter(({ msg }) => msg === 'stopping').length).toBeGreaterThanOrEqual(3);
  });
  sending.end();
  const [answer] = await once(sending, 'response');
  expect(answer.statusCode).toBe(200);
  answer.resume();
  await stopped;
  expect(service.api.child.exitCode).toBe(0);
});
