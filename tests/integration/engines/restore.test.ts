import { copyFileSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { createDatabase, type Database } from '@spiderhub/db';
import { eventually } from '@spiderhub/testkit';
import { type OwnPostgres, startOwnPostgres } from '../../support/own-postgres.ts';
import { type Service, startService } from '../../support/service.ts';
import { deployEgg, smallEgg } from '../../support/small-egg.ts';
import { treeOf } from '../../support/tree.ts';

/** What docs/operations.md says of backups, done while jobs run. */

jest.setTimeout(600_000);

const SPIDER = `
import scrapy, time

class Count(scrapy.Spider):
    name = 'count'

    async def start(self):
        for item in self.items():
            yield item

    def start_requests(self):
        yield scrapy.Request('data:,', self.parse)

    def parse(self, response):
        yield from self.items()

    def items(self):
        for n in range(40):
            time.sleep(0.05)
            yield {'n': n}
`;

const before = process.env.DATABASE_URL;
const homes: string[] = [];
let primary: OwnPostgres;
let service: Service | undefined;

beforeAll(async () => {
  primary = await startOwnPostgres();
  process.env.DATABASE_URL = primary.url;
});
afterAll(async () => {
  await service?.stop();
  await primary?.close();
  process.env.DATABASE_URL = before;
  for (const home of homes) rmSync(home, { recursive: true, force: true });
});

it('a backup that was made under load serves every finished job, and runs the others to their end', async () => {
  service = await startService();
  expect((await deployEgg(service, smallEgg(SPIDER))).at(-1)).toContain('"ok"');
  const running = service;
  for (let n = 0; n < 12; n++) await schedule(running, String(n));
  await eventually(async () => expect(await count(running.db.database, 'finished')).toBeGreaterThan(2), {
    timeoutMs: 200_000,
  });
  // Load while the copy is made, however long that takes.
  let isCopied = false;
  const copying = primary.startCopy().finally(() => {
    isCopied = true;
  });
  for (let n = 0; n < 6 || !isCopied; n++) {
    await schedule(running, `more-${n}`);
    await Promise.race([delay(1000), copying]);
  }
  const restored = await copying;
  if (!restored) {
    process.stderr.write('pg_basebackup is not installed: the restore is not tried\n');
    return;
  }
  await delay(1000);
  const home = mkdtempSync(join(tmpdir(), 'restored-'));
  homes.push(home);
  mkdirSync(join(home, 'data'), { mode: 0o700 });
  copyLiving(join(running.home, 'data'), join(home, 'data'));
  await service.stop();

  const name = new URL(running.db.url).pathname;
  const database = createDatabase(restored.url.replace(/\/[^/]*$/, name));
  const finished = await database('jobs').where({ state: 'finished' });
  expect(finished.length).toBeGreaterThan(2);
  expect(await unfinished(database)).not.toEqual([]);
  process.env.DATABASE_URL = restored.url;
  service = await startService({
    env: { SPIDERHUB_HOME: home, LEASE_SECONDS: '10' },
    reach: async () => ({ DATABASE_URL: restored.url.replace(/\/[^/]*$/, name) }),
  });
  for (const { project_id, spider, number, items } of finished) {
    const path = `/api/items.jl?project=${project_id}&job=${project_id}/${spider}/${number}`;
    const lines = (await (await service.call(path, undefined, running.team.key)).text()).trim().split('\n');
    expect(lines.map((line) => JSON.parse(line).n)).toEqual(Array.from({ length: 40 }, (_, n) => n));
    expect(Number(items)).toBe(40);
  }
  await eventually(async () => expect(await unfinished(database)).toEqual([]), {
    timeoutMs: 200_000,
    everyMs: 500,
  });
  await database.destroy();
});

/** As `rsync` does: what goes away meanwhile is left out. */
function copyLiving(from: string, to: string): void {
  for (const { path, entry } of treeOf(from)) {
    if (!entry.isFile()) continue;
    const copy = join(to, relative(from, path));
    mkdirSync(dirname(copy), { recursive: true });
    try {
      copyFileSync(path, copy);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    }
  }
}

async function schedule(to: Service, nonce: string): Promise<void> {
  const form = { project: String(to.team.project), spider: 'count', nonce };
  expect((await to.call('/api/run.json', form)).status).toBe(200);
}

async function count(database: Database, state: string): Promise<number> {
  return (await database('jobs').where({ state })).length;
}

function unfinished(database: Database) {
  return database('jobs').whereNot({ state: 'finished' }).select('id', 'state');
}
