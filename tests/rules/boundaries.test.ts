import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

const CHECKOUT = join(__dirname, '../..');
const BIOME = join(CHECKOUT, 'node_modules/@biomejs/biome/bin/biome');

const DIALECTS = readdirSync(join(CHECKOUT, 'apps/api/src/dialects'), { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => name);

/** Where a file lies, and what it must not name: each a deliberate breach of one rule. */
const BREACHES: [folder: string, module: string][] = [
  ['packages/core/src/jobs', '@spiderhub/db'],
  ['packages/core/src/jobs', '@spiderhub/platform'],
  ['packages/platform/src', '@spiderhub/core'],
  ['packages/wire/src', '@spiderhub/core'],
  ['packages/db/src/jobs', '@spiderhub/platform'],
  ['packages/db/src/jobs', '@spiderhub/hub'],
  ['packages/db/src/jobs', '../scrapyd/listing-text.ts'],
  ['packages/queue/src', '@spiderhub/db'],
  ['packages/hub/src', '@spiderhub/db'],
  ['packages/mail/src', '@spiderhub/platform'],
  ['packages/openid/src', '@spiderhub/db'],
  ['packages/runners/src', '@spiderhub/storage'],
  ['packages/storage/src/fs', '@spiderhub/db'],
  ['packages/hosting/src/host', '@spiderhub/core'],
  ['packages/isolation/src', '@spiderhub/runners'],
  ['apps/cli/src', '@spiderhub/api'],
  ['apps/worker/src', '@spiderhub/cli'],
  ['apps/api/src/http', '@spiderhub/worker'],
  ['apps/worker/src/supervise', '@spiderhub/db'],
  ['apps/worker/src/leader/tasks', '@spiderhub/queue'],
  ['apps/cli/src/admin', '@spiderhub/db'],
  ['apps/api/src', '@spiderhub/db'],
  ['apps/api/src/http', '@spiderhub/queue'],
  ['apps/api/src/http', '../dialects/scrapyd/names.ts'],
  ['apps/web/src/features/jobs', '../spiders/spider-page.tsx'],
  ['apps/web/src/features/job/log', '../../jobs/columns.tsx'],
  ['apps/web/src/features/jobs', '../../frame/frame.tsx'],
  ['apps/web/src/features/jobs', '@spiderhub/wire'],
  ['apps/web/src/ui', '../features/jobs/columns.tsx'],
  ['apps/web/src/lib', '@spiderhub/core'],
  ['apps/web/src/api', '../ui/page.tsx'],
  ['apps/web/src/api', '@spiderhub/core'],
  ...DIALECTS.flatMap((dialect): [string, string][] => [
    [`apps/api/src/dialects/${dialect}`, '@spiderhub/db'],
    [`apps/api/src/dialects/${dialect}/inner`, '@spiderhub/queue'],
    ...DIALECTS.filter((other) => other !== dialect).map((other): [string, string] => [
      `apps/api/src/dialects/${dialect}/inner`,
      `../../${other}/errors.ts`,
    ]),
  ]),
];

const ALLOWED: typeof BREACHES = [
  ['packages/db/src/jobs', '@spiderhub/core'],
  ['packages/runners/src', '@spiderhub/platform'],
  ['packages/runners/src', '@spiderhub/isolation'],
  ['packages/isolation/src', '@spiderhub/core'],
  ['apps/api/src/dialects/jobs-api', '@spiderhub/core'],
  ['apps/api/src/dialects/scrapyd', '@spiderhub/core/scrapyd'],
  ['apps/worker/src/supervise', '@spiderhub/core'],
  ['apps/web/src/api', '@spiderhub/wire'],
  ['apps/web/src/features/jobs', '../../ui/page.tsx'],
];

/** Folders where nothing may read the environment. */
const BLIND = [
  'packages/core/src',
  'packages/hosting/src/host',
  'apps/api/src/http',
  'apps/cli/src/commands',
];

let folder: string;
let found: { path: string; rule: string }[];

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'boundaries-'));
  for (const name of ['biome.json', '.gitignore']) cpSync(join(CHECKOUT, name), join(folder, name));
  for (const [i, [where, module]] of BREACHES.entries()) plant(where, `breach-${i}.ts`, importing(module));
  for (const [i, [where, module]] of ALLOWED.entries()) plant(where, `allowed-${i}.ts`, importing(module));
  for (const where of BLIND) plant(where, 'reader.ts', 'export const home = process.env.HOME;\n');
  plant('apps/api/src', 'main.ts', `${importing('@spiderhub/db')}export const home = process.env.HOME;\n`);
  found = lint();
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

function plant(where: string, name: string, source: string): void {
  const path = join(folder, where, name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, source);
}

function importing(module: string): string {
  return `import { thing } from '${module}';\nexport const it = thing;\n`;
}

interface Report {
  diagnostics: { category: string; location: { path: string | { file: string } } }[];
}

/** What the lint of `npm run check` says about the planted files. */
function lint(): typeof found {
  const args = ['lint', '--reporter=json', '--max-diagnostics=none', '.'];
  const { status, stdout } = spawnSync(process.execPath, [BIOME, ...args], { cwd: folder, encoding: 'utf8' });
  expect(status).toBe(1);
  const { diagnostics } = JSON.parse(stdout) as Report;
  return diagnostics.map(({ category, location: { path } }) => ({
    path: typeof path === 'string' ? path : path.file,
    rule: category,
  }));
}

function rulesAgainst(path: string): string[] {
  return found.filter((each) => each.path.endsWith(path)).map(({ rule }) => rule);
}

it.each(BREACHES.map((breach, i) => [...breach, i] as const))(
  'fails when something in %s imports %s',
  (where, _module, i) => {
    expect(rulesAgainst(`${where}/breach-${i}.ts`)).toContain('lint/style/noRestrictedImports');
  },
);

it.each(ALLOWED.map((each, i) => [...each, i] as const))('lets %s import %s', (where, _module, i) => {
  expect(rulesAgainst(`${where}/allowed-${i}.ts`)).not.toContain('lint/style/noRestrictedImports');
});

it.each(BLIND)('fails when something in %s reads the environment', (where) => {
  expect(rulesAgainst(`${where}/reader.ts`)).toContain('lint/style/noProcessEnv');
});

it('lets a main.ts read the environment and open connections', () => {
  expect(rulesAgainst('apps/api/src/main.ts')).not.toContain('lint/style/noProcessEnv');
  expect(rulesAgainst('apps/api/src/main.ts')).not.toContain('lint/style/noRestrictedImports');
});
