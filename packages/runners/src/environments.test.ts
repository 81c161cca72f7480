import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createEnvironments, type EnvironmentsOptions } from './environments.ts';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'environments-'));
});
afterEach(() => rmSync(root, { recursive: true }));

/**
 * Stands for a Python that builds environments: the folder appears, a file counts the builds, and requirements that hold
 * "bad" fail as pip would.
 */
const builderOf = (count: string) => `#!/bin/sh
echo build >> "${count}"
echo "Collecting $(cat "$4")$7"
if grep -q bad "$4"; then echo "ERROR: no such package" >&2; exit 1; fi
mkdir -p "$3/bin"
`;

function setUp(pins = 'Scrapy==2\n', more: Partial<EnvironmentsOptions> = {}) {
  const basePython = join(root, 'python');
  const count = join(root, 'count');
  writeFileSync(basePython, builderOf(count), { mode: 0o755 });
  writeFileSync(join(root, 'pins.txt'), pins);
  const environments = createEnvironments({
    basePython,
    envsDir: join(root, 'envs'),
    baseRequirementsPath: join(root, 'pins.txt'),
    launcherDir: '/launcher',
    env: { PIP_INDEX_URL: 'https://index' },
    ...more,
  });
  const builds = () => readFileSync(count, 'utf8').trim().split('\n').length;
  return { environments, basePython, builds };
}

const quiet = () => {};
const needs = (requirements: string | null, project = 7) => ({ project, stack: null, requirements });

it.each([[null], [''], [' \n']])('is the base one for requirements %j', async (requirements) => {
  const { environments, basePython } = setUp();
  const base = { python: basePython, stackPython: basePython };
  expect(await environments.ensure(needs(requirements), quiet)).toEqual(base);
});

it('is built once for all that want the same, and tells what pip says', async () => {
  const { environments, builds } = setUp();
  const lines: string[] = [];
  const wanted = Array.from({ length: 3 }, () =>
    environments.ensure(needs('a==1\n'), (line) => lines.push(line)),
  );
  const [one, ...others] = (await Promise.all(wanted)).map(({ python }) => python);
  expect(new Set(others)).toEqual(new Set([one]));
  expect([builds(), lines]).toEqual([1, ['Collecting a==1']]);
  expect((await environments.ensure(needs('a==1\n'), quiet)).python).toBe(one);
  expect(builds()).toBe(1);
});

it('belongs to its project, on a stack that all share', async () => {
  const { environments, builds, basePython } = setUp();
  const [one, two] = [
    await environments.ensure(needs('a==1\n', 7), quiet),
    await environments.ensure(needs('a==1\n', 8), quiet),
  ];
  expect(one).not.toEqual(two);
  expect([one.stackPython, two.stackPython, builds()]).toEqual([basePython, basePython, 2]);
});

it('is the same one for what says the same in other words', async () => {
  const { environments } = setUp();
  const [one, two] = await Promise.all(
    ['a==1\nb>1', '# pins\na == 1 # first\nb \\\n > 1\n'].map((text) =>
      environments.ensure(needs(text), quiet),
    ),
  );
  expect(one).toEqual(two);
});

it('is made of wheels alone where the operator says so, and of nothing from elsewhere', async () => {
  const { environments } = setUp(undefined, { wheelsOnly: true });
  const lines: string[] = [];
  await environments.ensure(needs('a'), (line) => lines.push(line));
  expect(lines).toEqual(['Collecting a--only-binary=:all:']);
  await expect(environments.ensure(needs('a @ https://example.com/a.whl'), quiet)).rejects.toMatchObject({
    message: 'requirements: line 1: URLs are not taken here, only wheels of the package index',
  });
});

it('is another one for other requirements, and for another base', async () => {
  const pythonOf = async (pins: string, requirements: string) =>
    (await setUp(pins).environments.ensure(needs(requirements), quiet)).python;
  const pythons = [
    await pythonOf('Scrapy==2\n', 'a==1\n'),
    await pythonOf('Scrapy==2\n', 'a==2\n'),
    await pythonOf('Scrapy==3\n', 'a==1\n'),
  ];
  expect(new Set(pythons).size).toBe(3);
});

it('is built again when it was swept away', async () => {
  const { environments, builds } = setUp();
  const { python } = await environments.ensure(needs('a==1\n'), quiet);
  rmSync(join(python, '../..'), { recursive: true });
  expect((await environments.ensure(needs('a==1\n'), quiet)).python).toBe(python);
  expect(builds()).toBe(2);
});

it('says how pip failed, and tries again the next time', async () => {
  const { environments, builds } = setUp();
  const failure = {
    kind: 'invalid',
    message: expect.stringContaining('requirements: no such package\nCollecting bad'),
  };
  await expect(environments.ensure(needs('bad\n'), quiet)).rejects.toMatchObject(failure);
  await expect(environments.ensure(needs('bad\n'), quiet)).rejects.toMatchObject(failure);
  expect(builds()).toBe(2);
  expect(readdirSync(join(root, 'envs')).filter((name) => !name.endsWith('.txt'))).toEqual([
    'cache-project-7',
  ]);
});
