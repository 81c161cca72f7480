import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventually } from '@spiderhub/testkit';
import { type Changes, watchFolders } from './changes.ts';
import { type Home, openHome } from './home.ts';
import { keepFresh } from './keep-fresh.ts';
import { createServers, type Server, type ServerSpec, type Servers } from './servers.ts';

let home: Home;
let sources: string;
let servers: Servers;
let changes: Changes;
let started: Server[];

beforeEach(() => {
  home = openHome(mkdtempSync(join(tmpdir(), 'fresh-')), null);
  sources = join(home.path, 'src');
  mkdirSync(join(sources, 'inner'), { recursive: true });
  servers = createServers(home);
  started = [];
  const start = servers.start.bind(servers);
  servers.start = (spec) => {
    const server = start(spec);
    started.push(server);
    return server;
  };
});

afterEach(async () => {
  await servers.stopAll();
  changes.close();
  rmSync(home.path, { recursive: true, force: true });
});

/** A server that is what its source says. */
function spec(): ServerSpec {
  return {
    name: 'api',
    command: process.execPath,
    args: [join(sources, 'main.js')],
    env: process.env,
    account: null,
    stopSignal: 'SIGTERM',
    killSignal: 'SIGKILL',
    graceMs: 30_000,
    tellsReady: true,
  };
}

function write(source: string, name = 'main.js'): void {
  writeFileSync(join(sources, name), source);
}

/** A server with its first source, which is no change. */
function begin(source: string): Server {
  write(source);
  changes = watchFolders([sources]);
  const first = servers.start(spec());
  started = [];
  return first;
}

const STAYS = 'process.send("ready"); setInterval(() => {}, 1000);';

it('starts a server again for each change of its sources, and no more when all stop', async () => {
  const first = begin(STAYS);
  await first.ready;
  const kept = keepFresh(servers, first, changes);
  write(`${STAYS}\n`);
  await eventually(() => expect(started).toHaveLength(1));
  expect(await first.ended).toBe('signal SIGTERM');
  await started[0]?.ready;
  write('', 'inner/other.js');
  await eventually(() => expect(started).toHaveLength(2));
  await servers.stopAll();
  await kept;
  expect(started).toHaveLength(2);
});

it('waits for a change when a source has an error', async () => {
  const first = begin('no program');
  void keepFresh(servers, first, changes);
  expect(await first.ended).toBe('exit code 1');
  expect(started).toHaveLength(0);
  write(STAYS);
  await eventually(() => expect(started).toHaveLength(1));
  await started[0]?.ready;
});

it('takes files that are saved together for one change, and tests for none', async () => {
  changes = watchFolders([sources]);
  write('', 'inner/some.test.ts');
  for (const name of ['a.ts', 'b.ts', 'inner/c.ts']) write('', name);
  await changes.after(0);
  expect(changes.last).toBe(1);
});
