import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { hashApiKey, newApiKey } from '@spiderhub/core';
import { createAdminStore, type Database } from '@spiderhub/db';
import { type Service, startService } from '../../support/service.ts';
import { makeTeam } from '../../support/team.ts';

const run = promisify(execFile);
const PYTHON_DIR = join(__dirname, 'python');

/** Python with the official clients. */
export function clientsPython(): string {
  const python = process.env.SPIDERHUB_CLIENTS_PYTHON;
  if (!python) throw new Error('SPIDERHUB_CLIENTS_PYTHON is not set: run these tests through `npm test`');
  return python;
}

export interface Variant {
  name: string;
  env: NodeJS.ProcessEnv;
}

/** What a client's user may choose: the encoding of answers, and one of the two addresses of the storage API. */
export const ENCODINGS: Variant[] = [
  {
    name: 'with msgpack, under /storage',
    env: { SPIDERHUB_MSGPACK: '1', SPIDERHUB_STORAGE_PATH: '/storage' },
  },
  { name: 'with JSON lines, at the root', env: { SPIDERHUB_MSGPACK: '0', SPIDERHUB_STORAGE_PATH: '/' } },
];

/** Environment of a client: a paused project of its own, a key for it, and a project out of its reach. */
export async function newClientEnv(service: Service, name: string): Promise<NodeJS.ProcessEnv> {
  const { database } = service.db;
  const team = await makeTeam(database, name, ['site']);
  const other = await makeTeam(database, `${name}-other`, ['site']);
  await database('projects').where({ id: team.project }).update({ paused: true });
  return {
    SPIDERHUB_URL: service.url,
    SPIDERHUB_KEY: team.key,
    SPIDERHUB_STAFF_KEY: await newStaffKey(database),
    SPIDERHUB_PROJECT: String(team.project),
    SPIDERHUB_OTHER_PROJECT: String(other.project),
  };
}

async function newStaffKey(database: Database): Promise<string> {
  const key = newApiKey();
  await createAdminStore(database).createKey({
    hash: hashApiKey(key),
    hint: key.slice(0, 4),
    user: null,
    project: null,
    staff: true,
  });
  return key;
}

/** Runs a module of Python tests. Each of its tests becomes one here, so that a report names what failed. */
export function describePython(module: string, variants: Variant[] = ENCODINGS, workers = 0): void {
  const source = readFileSync(join(PYTHON_DIR, `${module}.py`), 'utf8');
  const names = [...source.matchAll(/^ {4}def (test_\w+)/gm)].map((match) => match[1] as string);
  let service: Service;

  beforeAll(async () => {
    service = await startService({ workers });
  });
  afterAll(() => service.stop());

  describe.each(variants)('$name', ({ env }) => {
    let results: Record<string, string | null>;

    beforeAll(async () => {
      const clientEnv = await newClientEnv(service, `team-${env.SPIDERHUB_MSGPACK}`);
      results = await runPython(module, { ...clientEnv, ...env });
    }, 300_000);

    it.each(names)('%s', (name) => {
      expect(results[name]).toBeNull();
    });
  });
}

async function runPython(module: string, env: NodeJS.ProcessEnv): Promise<Record<string, string | null>> {
  const { stdout } = await run(clientsPython(), [join(PYTHON_DIR, 'run.py'), module], {
    env: { PATH: process.env.PATH, HOME: '/nonexistent', PYTHONDONTWRITEBYTECODE: '1', ...env },
    maxBuffer: 64 * 1024 * 1024,
    timeout: 280_000,
  });
  return JSON.parse(stdout) as Record<string, string | null>;
}
