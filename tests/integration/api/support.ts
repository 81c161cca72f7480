import { mkdtemp, rm } from 'node:fs/promises';
import type { Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { EggInspector, JobStore, Jobs, Signals, StreamStore } from '@spiderhub/core';
import { createJobStore } from '@spiderhub/db';
import { createLogger } from '@spiderhub/platform';
import { createTestDatabase, eventsTold, type TestDatabase } from '@spiderhub/testkit';
import supertest from 'supertest';
import { type AppOptions, createApps } from '../../../apps/api/src/app.ts';
import { DIALECTS } from '../../../apps/api/src/dialects/registry.ts';
import { createHttpServer } from '../../../apps/api/src/http/server.ts';
import { createParts, type Ground, type Parts } from '../../../apps/api/src/parts.ts';
import { ownStorage } from '../../support/s3-bucket.ts';
import { makeTeam, type Team } from '../../support/team.ts';

export interface ApiUnderTest {
  server: Server;
  parts: Parts;
  database: TestDatabase;
  store: JobStore;
  jobs: Jobs;
  streams: StreamStore;
  /** Two teams that know nothing of each other. */
  team: Team;
  other: Team;
  /** Every line that the API logged. */
  logs: string[];
  signals: { wakes: number; stops: string[] };
  /** Where uploads wait. */
  uploadDir: string;
  inspect: jest.Mock<ReturnType<EggInspector['inspect']>, Parameters<EggInspector['inspect']>>;
  get(path: string, key?: string | null): supertest.Test;
  post(path: string, form?: string | Record<string, unknown>, key?: string | null): supertest.Test;
  /** New teams, and nothing logged or signalled yet: for each test. */
  renew(): Promise<void>;
  close(): Promise<void>;
}

interface Overrides {
  app?: Partial<AppOptions>;
  parts?: Partial<Parts>;
  /** What the parts stand on, beside what every test has. */
  ground?: Partial<Ground>;
}

/** The API in this process, on a real Postgres and with streams on disk or in S3. Egg inspection is the test's own. */
export async function startApi(overrides: Overrides = {}): Promise<ApiUnderTest> {
  const database = await createTestDatabase();
  const directory = await mkdtemp(join(tmpdir(), 'spiderhub-api-'));
  const { storage, close: closeStorage } = await ownStorage(directory, database.database);
  const logs: string[] = [];
  const log = createLogger({
    name: 'api',
    level: 'info',
    destination: { write: (line) => void logs.push(line) },
  });
  const seen = { wakes: 0, stops: [] as string[] };
  const hearing = new Set<() => void>();
  const hint = () => {
    for (const hear of hearing) hear();
  };
  const signals: Signals = {
    wakeLeader() {
      seen.wakes += 1;
      hint();
    },
    stopRequested(worker) {
      seen.stops.push(worker);
      hint();
    },
    happened: hint,
  };
  const inspect: ApiUnderTest['inspect'] = jest.fn(async (_egg, _log) => ({
    settingsModule: 'demo.settings',
    spiders: ['quotes'],
    scripts: [],
  }));
  const uploadDir = join(directory, 'tmp');
  const made = await createParts({
    database: database.database,
    downloads: database.database,
    searches: database.database,
    signals,
    hints(hear) {
      hearing.add(hear);
      return () => hearing.delete(hear);
    },
    inspector: { inspect },
    secretKeys: async () => [],
    storage,
    uploadDir,
    log,
    ...overrides.ground,
  });
  const parts = { ...made, ...overrides.parts };
  const { main: app } = createApps({
    parts,
    dialects: DIALECTS,
    checks: {},
    host: '127.0.0.1',
    checkReplies: true,
    ...overrides.app,
  });
  const server = createHttpServer(app);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));

  function authorised(test: supertest.Test, key: string | null): supertest.Test {
    return key === null ? test : test.auth(key, '');
  }
  let teams = 0;
  const api: ApiUnderTest = {
    server,
    parts,
    database,
    store: createJobStore(database.database),
    jobs: parts.jobs,
    streams: parts.streams,
    team: await makeTeam(database.database),
    other: await makeTeam(database.database, 'globex'),
    logs,
    signals: seen,
    uploadDir,
    inspect,
    async renew() {
      teams += 1;
      api.team = await makeTeam(database.database, `acme-${teams}`);
      api.other = await makeTeam(database.database, `globex-${teams}`);
      await eventsTold(database.database);
      logs.length = 0;
      Object.assign(seen, { wakes: 0, stops: [] });
    },
    get: (path, key = api.team.key) => authorised(supertest(server).get(path), key),
    post: (path, form = '', key = api.team.key) =>
      authorised(supertest(server).post(path), key)
        .type(typeof form === 'string' ? 'form' : 'json')
        .send(form),
    async close() {
      parts.live.close();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await closeStorage();
      await database.close();
      await rm(directory, { recursive: true, force: true });
    },
  };
  return api;
}
