import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isZombie } from '@spiderhub/platform';
import { eventually } from '@spiderhub/testkit';
import { Client } from 'pg';
import { serverAccount, spawnAs } from '../host/account.ts';
import { type Home, openHome, removeHome } from '../host/home.ts';
import { createServers, type Servers } from '../host/servers.ts';
import { startPostgres } from './cluster.ts';
import { lockFilesOf } from './lock-files.ts';

let home: Home;
let servers: Servers;

beforeEach(() => {
  const path = mkdtempSync(join(tmpdir(), 'cluster-'));
  chmodSync(path, 0o711);
  home = openHome(path, serverAccount());
  servers = createServers(home);
});

afterEach(async () => {
  await servers.stopAll();
  removeHome(home);
});

async function query(connectionString: string, sql: string): Promise<Record<string, unknown>[]> {
  const client = new Client({ connectionString });
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(sql)).rows;
  } finally {
    await client.end();
  }
}

it('keeps data over a stop and listens on no port', async () => {
  const { databaseUrl } = await startPostgres(home, servers);
  await query(databaseUrl, 'create table kept as select 7 as n');
  await servers.stopAll();
  servers = createServers(home);
  await startPostgres(home, servers);
  expect(await query(databaseUrl, 'select n from kept')).toEqual([{ n: 7 }]);
  expect(await query(databaseUrl, 'show listen_addresses')).toEqual([{ listen_addresses: '' }]);
  expect(await query(databaseUrl, 'show fsync')).toEqual([{ fsync: 'on' }]);
});

describe('after a Postgres that was killed', () => {
  let holder: ChildProcess;

  afterEach(() => holder.kill('SIGKILL'));

  /** Postgres knows a process of its own user only. */
  function hold(command: string, ...args: string[]): ChildProcess {
    return spawn(command, args, { ...spawnAs(home.account), stdio: ['pipe', 'pipe', 'ignore'] });
  }

  async function lineFrom({ stdout }: ChildProcess): Promise<string> {
    const [line] = (await once(stdout as NodeJS.ReadableStream, 'data')) as [Buffer];
    return line.toString();
  }

  async function leaveLockOf(pid: number): Promise<void> {
    await startPostgres(home, servers);
    await servers.stopAll();
    servers = createServers(home);
    for (const lock of lockFilesOf(home, 5432)) writeFileSync(lock, `${pid}\n`);
  }

  it('starts although nobody asks about the dead one', async () => {
    // A shell asks about its children at any moment; `cat`, which it becomes, never does, and answers once it is there.
    holder = hold('sh', '-c', 'sleep 300 & echo $!; exec cat');
    const pid = Number(await lineFrom(holder));
    holder.stdin?.write('are you cat?\n');
    await lineFrom(holder);
    process.kill(pid, 'SIGKILL');
    await eventually(() => expect(isZombie(pid)).toBe(true));
    await leaveLockOf(pid);
    const { databaseUrl } = await startPostgres(home, servers);
    expect(await query(databaseUrl, 'select 1 as one')).toEqual([{ one: 1 }]);
  });

  it('waits until what is left of it has ended', async () => {
    holder = hold('sleep', '600');
    await leaveLockOf(holder.pid ?? 0);
    const log = join(home.logs, 'postgres.log');
    const started = startPostgres(home, servers);
    await eventually(() => expect(readFileSync(log, 'utf8')).toContain('already exists'));
    holder.kill('SIGKILL');
    expect(await query((await started).databaseUrl, 'select 1 as one')).toEqual([{ one: 1 }]);
  });
});

it('works with the programs of the npm package where the machine has none', async () => {
  const { databaseUrl } = await startPostgres(home, servers, { onMachine: [] });
  const [row] = await query(databaseUrl, 'select version() as version');
  expect(row?.version).toMatch(/^PostgreSQL 1[89]/);
});

it('never opens data of another major version', async () => {
  mkdirSync(join(home.postgres, 'data'));
  writeFileSync(join(home.postgres, 'data', 'PG_VERSION'), '12\n');
  await expect(startPostgres(home, servers)).rejects.toThrow(/needs PostgreSQL 12, which is not installed/);
});
