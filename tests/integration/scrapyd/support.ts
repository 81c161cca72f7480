import { mkdtemp, readFile, rm } from 'node:fs/promises';
import type { Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DomainError, type EggInspector, hashPassword, type Jobs, type StreamStore } from '@spiderhub/core';
import { createScrapydUserStore } from '@spiderhub/db';
import { createLogger } from '@spiderhub/platform';
import { createTestDatabase, type TestDatabase } from '@spiderhub/testkit';
import supertest from 'supertest';
import { createApps } from '../../../apps/api/src/app.ts';
import { scrapyd } from '../../../apps/api/src/dialects/scrapyd/dialect.ts';
import { createHttpServer } from '../../../apps/api/src/http/server.ts';
import { createParts } from '../../../apps/api/src/parts.ts';
import { ownStorage } from '../../support/s3-bucket.ts';
import { makeTeam, type Team } from '../../support/team.ts';

export const PASSWORD = 'correct:horse';
/** Ten times as many are let pass from this machine. */
const FAILURES = 3;

/** An empty ZIP file: what an egg holds is the test's own. */
export const EGG = Buffer.concat([Buffer.from('PK\x05\x06', 'latin1'), Buffer.alloc(18)]);

type Form = string | Record<string, string>;

export interface ScrapydUnderTest {
  server: Server;
  database: TestDatabase;
  jobs: Jobs;
  streams: StreamStore;
  /** Organisations `acme` (user `ann`) and `globex` (user `bob`), each with spiders `a` and `b` in `1.0`. */
  acme: Team;
  globex: Team;
  /** Workers that were told of a stop. */
  stops: string[];
  /** What the next eggs hold; null for one that cannot be imported. */
  eggs: { spiders: string[] | null /** The last one that was looked into. */; last: Buffer };
  /** Every line that was logged. */
  logs: string[];
  /** Where uploads wait. */
  uploadDir: string;
  get(path: string, user?: string | null): supertest.Test;
  post(service: string, form: Form, user?: string | null): supertest.Test;
  deploy(project: string, version: string, user?: string): supertest.Test;
  close(): Promise<void>;
}

/** Scrapyd's dialect in this process, on a real Postgres and with streams on disk. */
export async function startScrapydDialect(): Promise<ScrapydUnderTest> {
  const database = await createTestDatabase();
  const directory = await mkdtemp(join(tmpdir(), 'spiderhub-scrapyd-'));
  const db = database.database;
  const stops: string[] = [];
  const eggs: ScrapydUnderTest['eggs'] = { spiders: ['a'], last: Buffer.alloc(0) };
  const inspect: EggInspector['inspect'] = async ({ eggPath }) => {
    eggs.last = await readFile(eggPath);
    if (!eggs.spiders) throw new DomainError('invalid', 'bad_egg', 'egg: the project cannot be imported');
    return { settingsModule: 'demo.settings', spiders: eggs.spiders, scripts: [] };
  };
  const signals = {
    wakeLeader() {},
    happened() {},
    stopRequested: (worker: string) => void stops.push(worker),
  };
  const logs: string[] = [];
  const log = createLogger({
    name: 'api',
    level: 'info',
    destination: { write: (line) => void logs.push(line) },
  });
  const uploadDir = join(directory, 'tmp');
  const { storage, close: closeStorage } = await ownStorage(directory, db);
  const users = createScrapydUserStore(db);
  const parts = await createParts({
    database: db,
    downloads: db,
    searches: db,
    signals,
    inspector: { inspect },
    secretKeys: async () => [],
    storage,
    uploadDir,
    log,
  });
  const { alone } = createApps({
    parts,
    dialects: [scrapyd],
    checks: {},
    host: '127.0.0.1',
    trustProxy: 'loopback',
    authFailuresPerMinute: FAILURES,
  });
  const app = alone.get('scrapyd');
  if (!app) throw new Error('no port of its own');
  const server = createHttpServer(app);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const acme = await makeTeam(db, 'acme');
  const globex = await makeTeam(db, 'globex');
  await users.saveUser('acme', 'ann', await hashPassword(PASSWORD));
  await users.saveUser('globex', 'bob', await hashPassword(PASSWORD));

  function as(test: supertest.Test, user: string | null): supertest.Test {
    return user === null ? test : test.auth(user, PASSWORD);
  }
  return {
    server,
    database,
    jobs: parts.jobs,
    streams: parts.streams,
    acme,
    globex,
    stops,
    eggs,
    logs,
    uploadDir,
    get: (path, user = 'ann') => as(supertest(server).get(path), user),
    post: (service, form, user = 'ann') =>
      as(supertest(server).post(`/${service}.json`), user)
        .type('form')
        .send(form),
    deploy: (project, version, user = 'ann') =>
      as(supertest(server).post('/addversion.json'), user)
        .field({ project, version })
        .attach('egg', EGG, 'project.egg'),
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await closeStorage();
      await database.close();
      await rm(directory, { recursive: true, force: true });
    },
  };
}
