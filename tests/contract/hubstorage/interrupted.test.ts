import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { eventually, freePort } from '@spiderhub/testkit';
import { type Service, startService } from '../../support/service.ts';
import { clientsPython, newClientEnv } from './harness.ts';

jest.setTimeout(240_000);

const ITEMS = 12_000;
const BATCH = 500;
/** A batch of about 3 MB, so that a kill has a good chance to come in the middle of it. */
const PAD = 1000;
const KILLS = 8;

let service: Service;
let api: ChildProcess | null = null;

beforeAll(async () => {
  // A port that nobody else gets while no process has it.
  service = await startService({ workers: 0, env: { PORT: String(await freePort()) } });
});
afterAll(async () => {
  api?.kill('SIGKILL');
  await service?.stop();
});

/** An API process on the port of the first one, whose place it takes. */
async function startApi(port: string): Promise<ChildProcess> {
  const main = resolve(__dirname, '../../../apps/api/dist/main.js');
  const child = spawn(process.execPath, [main], {
    env: { ...service.env, PORT: port },
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  await once(child, 'message');
  return child;
}

async function kill(child: ChildProcess): Promise<void> {
  const gone = once(child, 'exit');
  child.kill('SIGKILL');
  await gone;
}

it('ends with every record once and in order when the API is killed again and again during an upload', async () => {
  const env: NodeJS.ProcessEnv = { PATH: process.env.PATH, ...(await newClientEnv(service, 'uploader')) };
  const key = env.SPIDERHUB_KEY as string;
  const project = env.SPIDERHUB_PROJECT as string;
  const port = new URL(service.url).port;
  await service.api.kill();
  api = await startApi(port);
  const pushed = await call(`/jobq/${project}/push`, key, '{"spider":"site","state":"running"}');
  const job = (JSON.parse(pushed) as { key: string }).key;

  const args = [job, ITEMS, BATCH, PAD].map(String);
  const upload = promisify(execFile)(clientsPython(), [join(__dirname, 'python/upload.py'), ...args], {
    env,
  });
  const stored = async () => countOf(await call(`/items/${job}/stats`, key));
  for (let kills = 0; kills < KILLS; kills += 1) {
    // The next batch is on its way as soon as one more is there; how far it has come differs from kill to kill.
    const before = await stored();
    await eventually(async () => expect(await stored()).toBeGreaterThan(before), {
      timeoutMs: 150_000,
      everyMs: 5,
    });
    await new Promise((later) => setTimeout(later, kills * 7));
    await kill(api);
    api = await startApi(port);
  }
  expect((await upload).stdout).toBe(`${ITEMS}\n`);

  const lines = (await call(`/items/${job}?meta=_key`, key)).trim().split('\n');
  const seen = lines.map((line) => JSON.parse(line) as { n: number; _key: string });
  expect(seen.map(({ n }) => n)).toEqual(Array.from({ length: ITEMS }, (_, n) => n));
  expect(seen.map(({ _key }) => _key)).toEqual(Array.from({ length: ITEMS }, (_, n) => `${job}/${n}`));
  expect(await stored()).toBe(ITEMS);
});

async function call(path: string, key: string, body?: string): Promise<string> {
  const headers = { authorization: `Basic ${Buffer.from(`${key}:`).toString('base64')}` };
  const answer = await fetch(
    `${service.url}${path}`,
    body === undefined ? { headers } : { headers, method: 'POST', body },
  );
  return answer.text();
}

function countOf(stats: string): number {
  return (JSON.parse(stats) as { totals: { input_values: number } }).totals.input_values;
}
