import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { lstat, mkdtemp, readdir, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import type { StreamRef } from '@spiderhub/core';
import { recordsOf } from '../contract/support.ts';
import { withLock } from './lock.ts';
import { processIdentity } from './process-identity.ts';
import { createFsStreamStore } from './stream-store.ts';

const REF: StreamRef = { key: { project: 1, spider: 1, job: 1 }, attempt: 1, stream: 'items' };
const FIXTURES = path.join(__dirname, '../../fixtures');

let root: string;
let children: ChildProcess[];

beforeEach(async () => {
  root = await mkdtemp(path.join(tmpdir(), 'streams-'));
  children = [];
});
afterEach(async () => {
  for (const child of children) await kill(child);
  await rm(root, { recursive: true });
});

function run(fixture: string, args: (string | number)[]): ChildProcess {
  const node = [
    '-C',
    '@spiderhub/source',
    '-r',
    path.join(FIXTURES, 'register.cjs'),
    path.join(FIXTURES, fixture),
  ];
  const child = spawn(process.execPath, [...node, ...args.map(String)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  children.push(child);
  return child;
}

async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGKILL');
  await once(child, 'exit');
}

async function* linesOf(child: ChildProcess): AsyncGenerator<string> {
  yield* createInterface({ input: child.stdout as NonNullable<typeof child.stdout> });
}

/** Records as `writer batch record`. */
async function storedNames(): Promise<string[]> {
  const records = await recordsOf(createFsStreamStore({ root }), REF);
  return records.map(([number, text], i) => {
    expect(number).toBe(i);
    const { writer, batch, record } = JSON.parse(text) as { writer: string; batch: number; record: number };
    return `${writer} ${batch} ${record}`;
  });
}

function namesOf(writer: string, batches: number, records: number): string[] {
  return Array.from(
    { length: batches * records },
    (_, i) => `${writer} ${Math.floor(i / records)} ${i % records}`,
  );
}

describe('several processes', () => {
  it('lose nothing when they write to one stream at once', async () => {
    const writers = ['a', 'b'].map((name) => run('writer.cjs', [root, name, 0, 60, 10, 700, 'append']));
    const exits = await Promise.all(writers.map((child) => once(child, 'exit')));
    expect(exits.map(([code]) => code)).toEqual([0, 0]);
    const names = await storedNames();
    for (const name of ['a', 'b'])
      expect(names.filter((text) => text.startsWith(name))).toEqual(namesOf(name, 60, 10));
    expect(names).toHaveLength(1200);
  });

  it('store every record once when they are killed at any moment and the batch is sent again', async () => {
    const batches = 40;
    for (let next = 0, round = 0; next < batches; round += 1) {
      const child = run('writer.cjs', [root, 'a', next, batches - next, 20, 5000, 'start']);
      let left = 1 + ((round * 5) % 9);
      for await (const line of linesOf(child)) {
        next = Number(line) + 1;
        left -= 1;
        if (left === 0) break;
      }
      await kill(child);
    }
    expect(await storedNames()).toEqual(namesOf('a', batches, 20));
    expect((await createFsStreamStore({ root }).stats(REF)).records).toBe(batches * 20);
  });
});

describe('a lock', () => {
  let file: string;
  beforeEach(() => {
    file = path.join(root, 'sub/dir/lock');
  });

  it('lets one in at a time, in one process', async () => {
    let inside = 0;
    const most: number[] = [];
    const work = async () => {
      inside += 1;
      most.push(inside);
      await lstat(file);
      inside -= 1;
    };
    await Promise.all(Array.from({ length: 20 }, () => withLock(file, work)));
    expect(Math.max(...most)).toBe(1);
    expect(await readdir(path.dirname(file))).toEqual([]);
  });

  it('is free again after a failure', async () => {
    await expect(withLock(file, () => Promise.reject(new Error('no')))).rejects.toThrow('no');
    expect(await withLock(file, async () => 'yes')).toBe('yes');
  });

  it('is respected while its process lives and taken over once it was killed', async () => {
    const child = run('locker.cjs', [file]);
    await linesOf(child).next();
    await expect(withLock(file, async () => 'mine', { waitMs: 20 })).rejects.toMatchObject({
      kind: 'unavailable',
    });
    await kill(child);
    expect(await withLock(file, async () => 'mine')).toBe('mine');
    expect(await readdir(path.dirname(file))).toEqual([]);
  });

  it('of a dead process is taken over by one waiter at a time', async () => {
    const child = run('locker.cjs', [file]);
    await linesOf(child).next();
    await kill(child);
    let inside = 0;
    // Calls of one process take turns before they touch the disk, so these come by different paths.
    const paths = [file, `${path.dirname(file)}/../dir/lock`, `${path.dirname(file)}/./lock`];
    await Promise.all(
      paths.map((each) =>
        withLock(each, async () => {
          inside += 1;
          expect(inside).toBe(1);
          await lstat(file);
          inside -= 1;
        }),
      ),
    );
  });

  it('of another machine is taken over when it shows no sign of life', async () => {
    await withLock(file, async () => {});
    await symlink('somewhere-else.17.4711.nonce', file);
    await expect(withLock(file, async () => 'mine', { waitMs: 20 })).rejects.toMatchObject({
      kind: 'unavailable',
    });
    expect(await withLock(file, async () => 'mine', { leaseMs: 20 })).toBe('mine');
  });

  it('of an earlier process with our id is taken over', async () => {
    await withLock(file, async () => {});
    const [where, pid] = processIdentity().split('.');
    await symlink(`${where}.${pid}.1.nonce`, file);
    expect(await withLock(file, async () => 'mine', { waitMs: 5000 })).toBe('mine');
  });
});
