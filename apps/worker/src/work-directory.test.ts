import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createHeirs } from './supervise/heirs.ts';
import { abandonedDirectories, placeOf, takeWorkDirectory, tryToTake } from './work-directory.ts';

let root: string;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'sh-work-'));
});
afterEach(() => rm(root, { recursive: true, force: true }));

/** The lock of a process that lived and died on this machine. */
async function diedIn(path: string): Promise<void> {
  const child = spawn('true');
  await once(child, 'exit');
  await mkdir(path, { recursive: true });
  await writeFile(join(path, 'worker.lock'), `${child.pid} 123 some-boot`);
}

describe('the folder of a worker', () => {
  it('is the first that no living worker has', async () => {
    const first = await takeWorkDirectory(root);
    const second = await takeWorkDirectory(root);
    expect([first.path, second.path]).toEqual([join(root, '1'), join(root, '2')]);
    await first.release();
    expect((await takeWorkDirectory(root)).path).toBe(join(root, '1'));
  });

  it('is taken over from a dead worker, by one of many that try', async () => {
    const path = join(root, '1');
    await diedIn(path);
    const taken = await Promise.all(Array.from({ length: 8 }, () => tryToTake(path)));
    expect(taken.filter((one) => one !== null)).toHaveLength(1);
    expect(await readdir(path)).toEqual(['worker.lock']);
  });

  it('is not taken for abandoned while its worker lives, or when nothing was left in it', async () => {
    await takeWorkDirectory(root);
    await mkdir(join(root, '2'));
    await diedIn(join(root, '3'));
    await mkdir(join(root, '4/17-1'), { recursive: true });
    expect((await abandonedDirectories(root)).sort()).toEqual([join(root, '3'), join(root, '4')]);
  });

  it.each([
    ['worker-1.example.org', 'worker-1.example.org'],
    ['a/b', 'a_b'],
    ['..', '_'],
    ['', '_'],
  ])('of the machine %j lies below %j', (host, place) => expect(placeOf(host)).toBe(place));
});

it('heirs look after what a dead worker left, once, and give its folder back', async () => {
  const path = join(root, '1');
  await diedIn(path);
  await mkdir(join(path, '17-1'));
  const inherited: string[] = [];
  const done = new Promise<void>((resolve) => {
    const heirs = createHeirs({
      root,
      everyMs: 5,
      async inherit(from) {
        inherited.push(from);
        expect(await tryToTake(from)).toBeNull();
        await rm(join(from, '17-1'), { recursive: true });
        setTimeout(() => {
          heirs.close();
          resolve();
        }, 50);
      },
      onError: (error) => {
        throw error;
      },
    });
  });
  await done;
  expect(inherited).toEqual([path]);
  expect(await readdir(path)).toEqual([]);
});
