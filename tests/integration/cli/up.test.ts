import { execFile } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const CLI = join(__dirname, '../../../apps/cli/dist/main.js');

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'up-'));
  // For the user of Postgres, when we are root.
  chmodSync(folder, 0o711);
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

function up(env: NodeJS.ProcessEnv): Promise<unknown> {
  const ours = { DATABASE_URL: '', REDIS_URL: '', SPIDERHUB_HOME: join(folder, 'home'), PORT: '0' };
  return promisify(execFile)(process.execPath, [CLI, 'up'], { env: { ...process.env, ...ours, ...env } });
}

it('names every variable that some service could not read, and starts nothing', async () => {
  const wrong = { TRUST_PROXY: 'bogus', LEASE_SECONDS: '-1', SPIDERHUB_LAUNCHER: '/nope', HEALTH_PORT: 'x' };
  const names = ['TRUST_PROXY', 'SPIDERHUB_LAUNCHER', 'LEASE_SECONDS', 'HEALTH_PORT'];
  const stderr = new RegExp(`^Bad configuration:\n${names.map((name) => `  ${name}: .+\n`).join('')}$`);
  await expect(up(wrong)).rejects.toMatchObject({ code: 1, stderr: expect.stringMatching(stderr) });
  expect(existsSync(join(folder, 'home'))).toBe(false);
});

it('says that a Python has no Scrapy before it starts anything', async () => {
  await expect(up({ SPIDERHUB_PYTHON: '/bin/true', SCRAPYD_PORT: '0' })).rejects.toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/^SPIDERHUB_PYTHON: \/bin\/true does not import Scrapy .*\n$/),
  });
  expect(existsSync(join(folder, 'home', 'postgres', 'data'))).toBe(false);
});

it('names the file that it cannot write, without a stack trace', async () => {
  // Also for root, whom no mode of a folder keeps out.
  mkdirSync(join(folder, 'home', 'lock'), { recursive: true });
  await expect(up({})).rejects.toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/^[^\n]+\/home\/lock[^\n]*\n$/),
  });
});
