import { type ChildProcess, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, statSync } from 'node:fs';
import { mkdir, mkdtemp, open, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventually } from '@spiderhub/testkit';
import { LAUNCHER_DIR } from '../contract/support.ts';
import { type AgentClient, createAgentClient, NotOurs } from './agent-client.ts';

/** The container beside a crawl, by itself: this test plays the crawl, the workers and the cluster. */

const HOST = `127.0.6.${1 + (process.pid % 250)}`;
const START = { leaseMs: 60_000, spoolBytes: 2 ** 20, itemBytes: 2 ** 20, saysFin: true };
let folder: string;
let agent: ChildProcess;
let ours: AgentClient;

const clientOf = (worker: string, token = 'token') => createAgentClient({ host: HOST, token, worker });
const shared = (name: string) => join(folder, 'shared', name);

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'pod-agent-'));
  for (const name of ['state', 'shared']) await mkdir(join(folder, name));
  const program = [join(LAUNCHER_DIR, 'pod_agent.py'), join(folder, 'state'), join(folder, 'shared')];
  agent = spawn('python3', ['-I', '-S', '-u', ...program], {
    env: {
      POD_IP: HOST,
      AGENT_PORT: '6801',
      AGENT_TOKEN_SHA256: createHash('sha256').update('token').digest('hex'),
      PATH: process.env.PATH,
    },
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  ours = clientOf('a');
  await eventually(() => ours.own(0));
});
afterEach(async () => {
  // The next one listens at the same place.
  const gone = agent.exitCode === null && agent.signalCode === null ? once(agent, 'exit') : null;
  agent.kill('SIGKILL');
  await gone;
  await rm(folder, { recursive: true, force: true });
});

async function linesFrom(client: AgentClient, position = { file: 1, offset: 0 }) {
  let [said, at] = ['', position];
  for (;;) {
    const part = await client.spool(at);
    said += part.lines.toString();
    at = part.next;
    if (part.complete) return { said, at };
  }
}

it('holds the crawl back until it has all, and gives out what it says', async () => {
  expect(statSync(shared('pipe')).isFIFO()).toBe(true);
  const waiting = open(shared('out'), 'w');
  await ours.put('environment', 'export A=b\n');
  await ours.post('start', START);
  const out = await waiting;
  expect(await readFile(shared('environment'), 'utf8')).toBe('export A=b\n');
  const pipe = await open(shared('pipe'), 'w');
  await pipe.write('ITM {"n": 1}\nFIN {"outcome": "finished"}\n');
  await out.write('to stdout\n');
  await Promise.all([pipe.close(), out.close()]);
  await ours.post('ended', { code: 0, signal: null, words: null });
  const { said, at } = await linesFrom(ours);
  expect(said).toContain('ITM {"n": 1}\nFIN {"outcome": "finished"}\n');
  expect(said).toContain('"to stdout"');
  expect(said).not.toContain('exit status');
  await ours.post('checkpoint', { position: at, dropped: 0, complete: true, counts: {} });
  expect((await ours.state()).checkpoint?.position).toEqual(at);
  await ours.post('over');
  await eventually(() => expect(agent.exitCode).toBe(0));
});

it('hands on orders, and ends what nobody prolongs', async () => {
  await ours.post('start', START);
  const orders = await open(shared('orders'), 'r');
  const next = async () => (await orders.read(Buffer.alloc(5), 0, 5)).buffer.toString();
  await ours.post('stop', { reason: 'cancelled' });
  expect(await next()).toBe('TERM\n');
  await ours.post('extend', { ms: 1 });
  expect(await next()).toBe('KILL\n');
  expect(await ours.state()).toMatchObject({ stopReason: 'cancelled', deadlinePassed: true });
  // Nothing obeys here: then the kubelet is told.
  await eventually(async () => expect((await fetch(`http://${HOST}:6801/alive`)).status).toBe(503));
  await orders.close();
});

it('is one worker’s at a time', async () => {
  const other = clientOf('b');
  await expect(other.own(60_000)).rejects.toBeInstanceOf(NotOurs);
  await expect(other.post('kill')).rejects.toBeInstanceOf(NotOurs);
  await other.own(0);
  await expect(ours.post('start', START)).rejects.toBeInstanceOf(NotOurs);
  await expect(clientOf('b', 'wrong').post('kill')).rejects.toThrow('401');
  await expect(clientOf('b', 'wrong').state()).rejects.toThrow('401');
  expect(existsSync(join(folder, 'state/kill'))).toBe(false);
});
