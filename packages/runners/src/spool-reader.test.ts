import { appendFile, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readJson, readText, removeTree, writeAtomic, writeDeadline } from './files.ts';
import { directoryName, makeJobDirectory, readDirectoryName } from './job-directory.ts';
import { followSpool, removeSpoolBefore, type SpoolPosition, spoolFileName } from './spool-reader.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'spiderhub-spool-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const BEGIN: SpoolPosition = { file: 1, offset: 0 };
const path = (file: number) => join(folder, spoolFileName(file));
const write = (file: number, text: string) => appendFile(path(file), text);

/** The end of whoever writes, which the test decides. */
function writer() {
  let hasEnded = false;
  let over = () => {};
  const ended = new Promise<void>((done) => {
    over = done;
  });
  const end = () => {
    hasEnded = true;
    over();
  };
  return { end, spoolEnd: { hasEnded: () => hasEnded, ended } };
}

/** All that is read from a position until the writer has ended. */
async function readAll(position = BEGIN, maxLineBytes?: number) {
  const { end, spoolEnd } = writer();
  end();
  let text = '';
  let next = position;
  for await (const chunk of followSpool(folder, position, spoolEnd, maxLineBytes)) {
    text += chunk.lines.toString();
    next = chunk.next;
  }
  return { text, next };
}

it('reads file after file, and every place that it names is one to go on from', async () => {
  await write(1, 'a\nb\n');
  await write(2, '');
  await write(3, 'c\n');
  expect(await readAll()).toEqual({ text: 'a\nb\nc\n', next: { file: 3, offset: 2 } });
  expect((await readAll({ file: 1, offset: 2 })).text).toBe('b\nc\n');
  expect((await readAll({ file: 3, offset: 2 })).text).toBe('');
  expect((await readAll({ file: 4, offset: 0 })).text).toBe('');
});

it('gives whole lines alone, and none that was cut off', async () => {
  await write(1, 'a\nhal');
  expect(await readAll()).toEqual({ text: 'a\n', next: { file: 1, offset: 2 } });
  await write(1, 'f\n');
  expect((await readAll({ file: 1, offset: 2 })).text).toBe('half\n');
});

it('takes a line that is longer than a read, up to the longest there may be', async () => {
  const long = `${'x'.repeat(900_000)}\n`;
  await write(1, `a\n${long}b\n`);
  const { text } = await readAll(BEGIN, 1_000_000);
  expect(text.length).toBe(long.length + 4);
  await writeFile(path(1), 'y'.repeat(1_500_000));
  expect((await readAll(BEGIN, 1_000_000)).text.length).toBe(1_000_000);
});

it('waits for what is still written, and ends when its writer has', async () => {
  const { end, spoolEnd } = writer();
  const seen: string[] = [];
  const reading = (async () => {
    for await (const { lines } of followSpool(folder, BEGIN, spoolEnd)) seen.push(lines.toString());
  })();
  const until = async (text: string) => {
    while (seen.join('') !== text) await new Promise((done) => setTimeout(done, 5));
  };
  await write(1, 'a\n');
  await until('a\n');
  await write(1, 'b');
  await write(1, '\n');
  await until('a\nb\n');
  await write(2, 'c\n');
  await until('a\nb\nc\n');
  await write(2, 'last\n');
  end();
  await reading;
  expect(seen.join('')).toBe('a\nb\nc\nlast\n');
});

it('frees what was read before, and nothing from there on', async () => {
  for (const file of [1, 2, 3]) await write(file, 'x\n');
  await removeSpoolBefore(folder, { file: 3, offset: 0 });
  expect(await readdir(folder)).toEqual([spoolFileName(3)]);
});

it.each<[string, { id: number; attempt: number } | null]>([
  ['1-1', { id: 1, attempt: 1 }],
  ['999999999999999-9999999999', { id: 999_999_999_999_999, attempt: 9_999_999_999 }],
  ['0-1', null],
  ['1-0', null],
  ['01-1', null],
  ['1-1.tmp', null],
  ['1', null],
  ['1-1-1', null],
  ['../1-1', null],
])('%s is the folder of %j', (name, attempt) => {
  expect(readDirectoryName(name)).toEqual(attempt);
  if (attempt) expect(directoryName(attempt)).toBe(name);
});

it('an attempt has its folder once', async () => {
  const made = await makeJobDirectory(join(folder, 'work'), '1-1', 0);
  expect((await readdir(made.root)).sort()).toEqual(
    expect.arrayContaining(['deadline', 'home', 'spool', 'tmp']),
  );
  await expect(makeJobDirectory(join(folder, 'work'), '1-1', 0)).rejects.toMatchObject({
    code: 'attempt_exists',
  });
});

it('a file is the old one or the new one, and no other is left beside it', async () => {
  const file = join(folder, 'x.json');
  expect([await readText(file), await readJson(file)]).toEqual([null, null]);
  await writeAtomic(file, '{"a":1}');
  expect(await readJson(file)).toEqual({ a: 1 });
  await writeAtomic(file, '{"a":');
  expect(await readJson(file)).toBeNull();
  await expect(writeAtomic(join(folder, 'none', 'x'), '')).rejects.toMatchObject({ code: 'ENOENT' });
  expect(await readdir(folder)).toEqual(['x.json']);
});

it('a deadline is always as long, so that it can be written over when a disk is full', async () => {
  const file = join(folder, 'deadline');
  for (const until of [0, 1_767_225_600_000.4, 9_999_999_999_999]) {
    await writeDeadline(file, until);
    const text = (await readText(file)) ?? '';
    expect([text.length, Number(text)]).toEqual([16, Math.round(until)]);
  }
});

it('a tree goes whatever it holds, and one that is not there is gone', async () => {
  const tree = join(folder, 'tree');
  const { chmod, mkdir } = await import('node:fs/promises');
  await mkdir(join(tree, 'a/b'), { recursive: true });
  await writeFile(join(tree, 'a/b/c'), '');
  await chmod(join(tree, 'a'), 0o000);
  await removeTree(tree);
  await removeTree(tree);
  expect(await readdir(folder)).toEqual([]);
});
