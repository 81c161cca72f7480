import { chmodSync, mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import { serverAccount } from '../host/account.ts';
import { type Home, openHome, removeHome } from '../host/home.ts';
import { createServers, type Servers } from '../host/servers.ts';
import { startPostgres } from './cluster.ts';

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
}, 60_000);

it('works with the programs of the npm package where the machine has none', async () => {
  const { databaseUrl } = await startPostgres(home, servers, { onMachine: [] });
  const [row] = await query(databaseUrl, 'select version() as version');
  expect(row?.version).toMatch(/^PostgreSQL 1[89]/);
}, 60_000);

it('never opens data of another major version', async () => {
  mkdirSync(join(home.postgres, 'data'));
  writeFileSync(join(home.postgres, 'data', 'PG_VERSION'), '12\n');
  await expect(startPostgres(home, servers)).rejects.toThrow(/needs PostgreSQL 12, which is not installed/);
});
