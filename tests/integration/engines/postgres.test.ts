import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { createDatabase, createLeaderStore, databaseProblem } from '@spiderhub/db';
import { databaseAddress } from '@spiderhub/platform';
import { createTestDatabase, eventually } from '@spiderhub/testkit';
import { type Certificates, hasOpenssl, makeCertificates } from '../../support/certificates.ts';
import { type OwnPostgres, startOwnPostgres } from '../../support/own-postgres.ts';
import { startPostgresProxy } from '../../support/postgres-proxy.ts';
import { type Service, startService } from '../../support/service.ts';
import { deployEgg, smallEgg } from '../../support/small-egg.ts';

/** Ways to reach Postgres other than one server on this machine, each with real servers. */

jest.setTimeout(300_000);

const SPIDER = `
import scrapy

class Quick(scrapy.Spider):
    name = 'quick'
    start_urls = []
`;

const withTls = hasOpenssl() ? describe : describe.skip;
if (!hasOpenssl()) process.stderr.write('OpenSSL 3 is not installed: tests of TLS are skipped\n');

withTls('TLS with an authority of its own', () => {
  let folder: string;
  let certificates: Certificates;
  let server: OwnPostgres;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'tls-'));
    certificates = makeCertificates(folder);
    server = await startOwnPostgres({ certificates });
  });
  afterAll(async () => {
    await server?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  /** Whether the connection is encrypted; rejects when there is none. */
  async function isEncrypted(sslmode: string, PGSSLROOTCERT?: string): Promise<boolean> {
    const { url } = databaseAddress({ DATABASE_URL: `${server.url}?sslmode=${sslmode}`, PGSSLROOTCERT });
    const database = createDatabase(url, { maxConnections: 1 });
    try {
      const { rows } = await database.raw('select ssl from pg_stat_ssl where pid = pg_backend_pid()');
      return rows[0].ssl;
    } finally {
      await database.destroy();
    }
  }

  it.each(['verify-full', 'require', 'verify-ca'])(
    'sslmode=%s believes that authority and no other',
    async (mode) => {
      expect(await isEncrypted(mode, certificates.authority)).toBe(true);
      expect(await isEncrypted(`${mode}&sslrootcert=${certificates.authority}`)).toBe(true);
      await expect(isEncrypted(mode)).rejects.toThrow(/certificate/);
    },
  );

  it('sslmode=no-verify encrypts and believes everybody, disable does neither', async () => {
    expect(await isEncrypted('no-verify')).toBe(true);
    expect(await isEncrypted('disable', certificates.authority)).toBe(false);
  });
});

it('a connection to a server that is no primary any more is given up, and the call may be tried again', async () => {
  const db = await createTestDatabase();
  const pool = createDatabase(db.url, { maxConnections: 1 });
  const leader = createLeaderStore(pool);
  try {
    // What a server says that became a standby: the same words, for this connection only.
    await pool.raw('set default_transaction_read_only = on');
    await expect(leader.lead('a', 1000)).rejects.toMatchObject({ kind: 'unavailable' });
    expect(await leader.lead('a', 1000)).toEqual({ term: expect.any(Number) });
  } finally {
    await pool.destroy();
    await db.close();
  }
});

it('two addresses that lead to different databases are refused', async () => {
  const [one, other] = [await createTestDatabase(), await createTestDatabase()];
  const problem = { url: one.url, directUrl: other.url, pooled: true };
  expect(await databaseProblem(problem)).toMatch(/different/);
  expect(await databaseProblem({ ...problem, directUrl: one.url })).toBeNull();
  await one.close();
  await other.close();
});

describe('a change of primaries', () => {
  const before = process.env.DATABASE_URL;
  let primary: OwnPostgres;
  let service: Service;

  beforeAll(async () => {
    primary = await startOwnPostgres();
    process.env.DATABASE_URL = primary.url;
  });
  afterAll(async () => {
    await service?.stop();
    await primary?.close();
    process.env.DATABASE_URL = before;
  });

  it('costs retries, and no job', async () => {
    const standby = await primary.startStandby();
    if (!standby) {
      process.stderr.write('pg_basebackup is not installed: the change of primaries is not tried\n');
      return;
    }
    const proxy = await startPostgresProxy(primary.url);
    const at = (server: string, url: string) => server.replace(/[^/]*$/, '') + new URL(url).pathname.slice(1);
    service = await startService({
      reach: async (url) => ({ DATABASE_URL: at(proxy.url, url), LEASE_SECONDS: '20' }),
    });
    expect((await deployEgg(service, smallEgg(SPIDER))).at(-1)).toContain('"ok"');
    await service.db.database.raw("alter system set synchronous_standby_names = '*'");
    await service.db.database.raw('select pg_reload_conf()');

    let isOver = false;
    const callers = [1, 2, 3].map((caller) => scheduleAllTheTime(service, caller, () => isOver));
    await delay(3000);
    proxy.cut();
    await primary.kill();
    await delay(2000);
    const after = createDatabase(at(standby.url, service.db.url), { maxConnections: 2 });
    await after.raw('select pg_promote()');
    proxy.moveTo(standby.url);
    proxy.mend();
    process.env.DATABASE_URL = standby.url;
    await delay(8000);
    isOver = true;
    const keys = (await Promise.all(callers)).flat();

    await eventually(
      async () =>
        expect(await after('jobs').whereNot({ state: 'finished' }).select('id', 'state')).toEqual([]),
      { timeoutMs: 120_000, everyMs: 500 },
    );
    const jobs = await after('jobs').select('id', 'close_reason');
    expect(jobs).toHaveLength(keys.length);
    expect(new Set(jobs.map((job) => job.close_reason))).toEqual(new Set(['finished']));
    const retried = keys.filter(({ tries }) => tries > 1).length;
    expect(retried).toBeGreaterThan(0);
    process.stderr.write(`change of primaries: ${keys.length} jobs, ${retried} calls were tried again\n`);
    await after.destroy();
    await proxy.close();
  });
});

/** Schedules one job after the other, each again and again until it is taken; the key makes that one job. */
async function scheduleAllTheTime(service: Service, caller: number, isOver: () => boolean) {
  const taken: { key: string; tries: number }[] = [];
  for (let n = 0; !isOver(); n++) {
    const key = `${caller}-${n}`;
    let tries = 1;
    while (!(await isTaken(service, key))) {
      tries += 1;
      await delay(200);
    }
    taken.push({ key, tries });
    await delay(300);
  }
  return taken;
}

async function isTaken(service: Service, key: string): Promise<boolean> {
  const answer = await fetch(`${service.url}/api/run.json`, {
    method: 'POST',
    headers: {
      authorization: `Basic ${Buffer.from(`${service.team.key}:`).toString('base64')}`,
      'idempotency-key': key,
    },
    body: new URLSearchParams({ project: String(service.team.project), spider: 'quick', nonce: key }),
  });
  await answer.text();
  // Whatever goes wrong here is for a moment, and says so.
  expect([200, 503]).toContain(answer.status);
  return answer.status === 200;
}
