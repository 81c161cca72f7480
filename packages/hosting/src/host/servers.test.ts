import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isAlive, type ProcessId, processId } from '@spiderhub/platform';
import { eventually, mountSmallDisk, type SmallDisk } from '@spiderhub/testkit';
import { type Home, openHome } from './home.ts';
import { keepAlive } from './keep-alive.ts';
import { createServers, type ServerSpec, type Servers } from './servers.ts';
import { untilReady } from './until-ready.ts';

const WAIT = 'process.send("ready"); setInterval(() => {}, 1000);';
const STUBBORN = `process.on("SIGTERM", () => {}); ${WAIT}`;

let home: Home;
let servers: Servers;

beforeEach(() => {
  home = openHome(mkdtempSync(join(tmpdir(), 'servers-')), null);
  servers = createServers(home);
});

afterEach(async () => {
  await servers.stopAll();
  rmSync(home.path, { recursive: true, force: true });
});

function spec(name: string, script: string, graceMs = 30_000): ServerSpec {
  return {
    name,
    command: process.execPath,
    args: ['-e', script],
    env: process.env,
    account: null,
    stopSignal: 'SIGTERM',
    killSignal: 'SIGKILL',
    graceMs,
    tellsReady: true,
  };
}

function writtenDown(): { name: string; id: ProcessId }[] {
  return JSON.parse(readFileSync(join(home.path, 'processes.json'), 'utf8'));
}

it('stops in reverse order and starts nothing afterwards', async () => {
  const ends: string[] = [];
  for (const name of ['first', 'second', 'third']) {
    const server = servers.start(spec(name, WAIT));
    await server.ready;
    void server.ended.then((how) => ends.push(`${name} ${how}`));
  }
  await servers.stopAll();
  expect(ends).toEqual(['third signal SIGTERM', 'second signal SIGTERM', 'first signal SIGTERM']);
  expect(() => servers.start(spec('late', WAIT))).toThrow('closing');
});

it('says what a server lacks that does not become ready', async () => {
  const server = servers.start(spec('api', WAIT));
  await server.ready;
  const waited = untilReady(server, () => Promise.resolve('redis, workers'), 0);
  await expect(waited).rejects.toThrow('api is not ready: no redis, workers');
});

it('kills what does not stop in its time', async () => {
  const server = servers.start(spec('stubborn', STUBBORN, 200));
  await server.ready;
  await server.stop();
  expect(await server.ended).toBe('signal SIGKILL');
});

it('ends the children that a server left behind', async () => {
  const pidFile = join(home.path, 'child');
  const child = `require("child_process").spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"])`;
  const script = `require("fs").writeFileSync(${JSON.stringify(pidFile)}, String(${child}.pid)); ${WAIT}`;
  const server = servers.start(spec('parent', script));
  await server.ready;
  const orphan = processId(Number(readFileSync(pidFile, 'utf8')));
  expect(isAlive(orphan)).toBe(true);
  await server.stop();
  await eventually(() => expect(isAlive(orphan)).toBe(false));
});

it('keeps the last words of a server that fails', async () => {
  const server = servers.start(spec('broken', 'console.error("no such thing"); process.exit(3)'));
  expect(await server.ended).toBe('exit code 3');
  expect(server.lastWords()).toContain('no such thing');
});

it('shows nothing of earlier starts as the last words', async () => {
  for (const word of ['stale', 'fresh']) {
    const server = servers.start(spec('broken', `console.error("${word}"); process.exit(3)`));
    await server.ended;
    expect(server.lastWords()).toBe(word);
  }
});

it('ends what an earlier process left behind', async () => {
  const server = servers.start(spec('left', WAIT));
  await server.ready;
  const [left] = writtenDown();
  // Another instance stands for the next start after ours was killed.
  await createServers(home).endLeftovers();
  expect(left && isAlive(left.id)).toBe(false);
  expect(await server.ended).toBe('signal SIGTERM');
});

it('starts a server again that ends by itself, and not one that is stopped', async () => {
  const first = servers.start(spec('api', WAIT));
  await first.ready;
  const kept = keepAlive(servers, first);
  const restarted = new Promise<ServerSpec>((resolve) => {
    const start = servers.start.bind(servers);
    servers.start = (again) => {
      resolve(again);
      return start(again);
    };
  });
  process.kill(writtenDown()[0]?.id.pid ?? 0, 'SIGKILL');
  expect((await restarted).name).toBe('api');
  await servers.stopAll();
  await kept;
});

const disk = mountSmallDisk(64) as SmallDisk;
afterAll(() => disk?.remove());

(disk ? it : it.skip)(
  'a server that ends while the disk is full ends no others, and is started again',
  async () => {
    rmSync(home.path, { recursive: true });
    home = openHome(join(disk.folder, 'home'), null);
    servers = createServers(home);
    const first = servers.start(spec('first', WAIT));
    const second = servers.start(spec('second', WAIT));
    await Promise.all([first.ready, second.ready]);
    const file = join(home.path, 'processes.json');
    disk.fill();
    process.kill(first.pid as number, 'SIGKILL');
    await first.ended;
    const again = servers.start(spec('first', WAIT));
    await again.ready;
    // Room that it gave back for a moment others would take.
    expect(statSync(file).size).toBe(4096);
    const pids = (JSON.parse(readFileSync(file, 'utf8')) as { id: ProcessId }[]).map(({ id }) => id.pid);
    expect(pids).toEqual([again.pid, second.pid]);
  },
);
