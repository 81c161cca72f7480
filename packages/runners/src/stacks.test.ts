import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseRequirements } from '@spiderhub/core';
import { Stacks } from './stacks.ts';

let root: string;
let stacks: Stacks;
beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), 'stacks-'));
  await mkdir(join(root, 'stacks'));
  const files = { '2.9.txt': '2.9.0', '2.11.txt': '2.11.2', '2.13.txt': '2.13.4', '2.19.txt': '2.19.0' };
  for (const [name, scrapy] of Object.entries(files))
    writeFileSync(join(root, 'stacks', name), `# Python 3.10 to 3.12; x\nw3lib==1\nScrapy==${scrapy}\n`);
  writeFileSync(join(root, 'base.txt'), 'Scrapy==2.19.0\n');
  stacks = filesOf('base.txt');
});
afterAll(() => rmSync(root, { recursive: true }));

function filesOf(base: string, folder = 'stacks'): Stacks {
  return new Stacks({ stacksDir: join(root, folder), baseRequirementsPath: join(root, base) });
}

it('are the files of pins, oldest series first, with the base as the current one', () => {
  expect(stacks.list.map(({ name, scrapy, python, isCurrent }) => [name, scrapy, python, isCurrent])).toEqual(
    [
      ['scrapy:2.9', '2.9.0', '3.10 to 3.12', false],
      ['scrapy:2.11', '2.11.2', '3.10 to 3.12', false],
      ['scrapy:2.13', '2.13.4', '3.10 to 3.12', false],
      ['scrapy:2.19', '2.19.0', null, true],
    ],
  );
});

it('are the base alone where there are no files, and none where it pins no Scrapy', () => {
  expect(filesOf('base.txt', 'nowhere').list.map(({ name }) => name)).toEqual(['scrapy:2.19']);
  writeFileSync(join(root, 'loose.txt'), 'Scrapy\n');
  expect(filesOf('loose.txt', 'nowhere')).toMatchObject({ list: [], current: null });
});

it.each([
  'scrapy:2.11',
  'scrapy:2.11-20240417',
  'scrapy:2.11-20240417-py3',
  'scrapy:2.11-py3',
  'scrapy:2.11.1',
])('takes %s as the series 2.11', (name) => expect(stacks.named(name).series).toBe('2.11'));

it.each(['scrapy:1.8', 'scrapy:2.11-py2', 'scrapy:2.1', 'hworker:20160708', '2.11', '', ' scrapy:2.11'])(
  'refuses %j with those there are',
  (name) => {
    expect(() => stacks.named(name)).toThrow(
      `stack ${name} is unknown; known are scrapy:2.9, scrapy:2.11, scrapy:2.13, scrapy:2.19`,
    );
  },
);

it.each([
  [null, null, '2.19'],
  ['scrapy:2.11', null, '2.11'],
  ['scrapy:2.11', 'itemadapter==1\n', '2.11'],
  // What was stored when any name was taken.
  ['scrapy:1.8', null, '2.19'],
  [null, 'a\nScrapy==2.13.3\n', '2.13'],
  [null, 'scrapy[s3]==2.13.3 ; python_version > "3"', '2.13'],
  [null, 'scrapy == 2.13.3 # why', '2.13'],
  [null, `scrapy==2.13.3 \\\n  --hash=sha256:${'a'.repeat(64)}`, '2.13'],
  [null, 'Scrapy>=2.9, <2.12', '2.11'],
  [null, 'Scrapy~=2.11.0', '2.11'],
  [null, 'Scrapy~=2.11', '2.19'],
  [null, 'Scrapy==2.9.*', '2.9'],
  [null, 'Scrapy<=2.11.2,!=2.11.2', '2.9'],
  [null, 'Scrapy>=2.9', '2.19'],
  [null, 'Scrapy', '2.19'],
  [null, 'scrapy-playwright==0.0.40\n#scrapy==2.9\n', '2.19'],
  ['scrapy:2.11', 'Scrapy>=2.9', '2.11'],
  ['scrapy:2.11', 'Scrapy==2.13.3', '2.13'],
  // No series has these: pip decides.
  [null, 'Scrapy==1.8.0', '2.19'],
  ['scrapy:2.11', 'Scrapy>3', '2.11'],
])('for stack %j and requirements %j is %s', (name, requirements, series) => {
  expect(stacks.fitting(name, parseRequirements(requirements ?? ''))?.series).toBe(series);
});
