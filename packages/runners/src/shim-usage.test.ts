import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventually } from '@spiderhub/testkit';
import { LAUNCHER_DIR, requirePython } from './contract/support.ts';

/** What the shim of a crawl takes for its use of memory and disk. */

const MB = 2 ** 20;

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'usage-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** What a script prints last, as JSON; `folder` is a variable of it. */
function run(script: string): unknown {
  const begin = `import json, os, sys\nsys.path.insert(0, sys.argv[1])\nimport shim_usage\nfolder = sys.argv[2]\n`;
  const output = execFileSync(requirePython(), ['-c', begin + script, LAUNCHER_DIR, folder]).toString();
  return JSON.parse(output.trim().split('\n').at(-1) ?? '');
}

const MEASURE = `
usage = shim_usage.DiskUsage([folder], lambda: [os.getpid()])
looks = 1
while not usage.look(0):
    looks += 1
print(json.dumps({'total': usage.total(), 'hidden': usage.hidden, 'looks': looks}))
`;

it('counts what files take on disk: once for each, not what they seem to have, and deleted ones that are open', () => {
  const script = `
def fill(name, size):
    file = open(os.path.join(folder, name), 'wb')
    file.write(b'x' * size)
    file.flush()
    return file
fill('one', 3 * 2**20)
os.link(os.path.join(folder, 'one'), os.path.join(folder, 'two'))
os.symlink('/usr', os.path.join(folder, 'link'))
fill('sparse', 1).truncate(2**40)
open_file = fill('deleted', 2 * 2**20)
os.unlink(os.path.join(folder, 'deleted'))
${MEASURE}`;
  const { total, hidden } = run(script) as { total: number; hidden: null };
  expect(total).toBeGreaterThanOrEqual(5 * MB);
  expect(total).toBeLessThan(5.5 * MB);
  expect(hidden).toBeNull();
});

it('measures many files a few at a time', () => {
  const script = `for n in range(100): os.mkdir(os.path.join(folder, str(n)))${MEASURE}`;
  expect((run(script) as { looks: number }).looks).toBeGreaterThan(100);
});

it('counts files with nothing in them, and says in the middle of a round what it has found', () => {
  const script = `
for n in range(1000): open(os.path.join(folder, str(n)), 'w').close()
usage = shim_usage.DiskUsage([folder], lambda: [])
for _ in range(600): usage.look(0)
print(json.dumps([usage.by_folder, usage.so_far[folder]]))`;
  const [complete, soFar] = run(script) as [object, number];
  expect(complete).toEqual({});
  expect(soFar).toBeGreaterThan(2 * MB);
});

it('knows how much room the disk has lost since somebody began to look who took it', async () => {
  const script = `
usage = shim_usage.DiskUsage([folder], lambda: [])
with open(os.path.join(folder, 'one'), 'wb') as file:
    file.write(os.urandom(64 * 2**20))
    os.fsync(file.fileno())
before = usage.lost()
while not usage.look(1): pass
print(json.dumps([before, usage.lost()]))`;
  // It is everybody's disk: who deletes much at that moment gives room back.
  await eventually(() => {
    const [before, after] = run(script) as [number, number];
    expect(before).toBeGreaterThan(32 * MB);
    expect(after).toBeLessThan(before);
  });
});

it('looks again at once when the disk loses room, however long it would have rested', async () => {
  const script = `
import time
import shim_watch
shim_watch.REST = 10**7
class Spool:
    write = print
watch = shim_watch.Watch({'units': 1, 'diskBytes': 32 * 2**20, 'folders': [folder]}, Spool())
assert not watch.check()
with open(os.path.join(folder, 'one'), 'wb') as file:
    file.write(os.urandom(64 * 2**20))
    os.fsync(file.fileno())
until = time.monotonic() + 10
while not watch.check() and time.monotonic() < until:
    time.sleep(0.05)
print(json.dumps(watch.exceeded))`;
  await eventually(() => expect(run(script)).toBe('disk'));
});

it('names a place that is too deep to be looked into', () => {
  const script = `
os.chdir(folder)
for _ in range(60):
    os.mkdir('d' * 100)
    os.chdir('d' * 100)
os.chdir(folder)
${MEASURE}
os.system('rm -rf "%s"/d*' % folder)
print(json.dumps(usage.hidden))`;
  expect(run(script)).toMatch(/^\/.*\/d{100}\//);
});

it('finds all descendants, and counts memory that they share once', () => {
  const script = `
import time
ballast = bytearray(b'x' * (64 * 2**20))
reader, writer = os.pipe()
for _ in range(4):
    if os.fork() == 0:
        if os.fork() == 0:
            os.write(writer, b'.')
            time.sleep(60)
        time.sleep(60)
for _ in range(4):
    os.read(reader, 1)
pids = shim_usage.descendants(os.getpid())
seen = [shim_usage.memory_bytes(pids, enough) for enough in (2**60, 2**20)]
for pid in pids:
    os.kill(pid, 9)
print(json.dumps([len(pids), seen]))`;
  const [count, [resident, shared]] = run(script) as [number, [number, number]];
  expect(count).toBe(8);
  expect(resident).toBeGreaterThan(8 * 64 * MB);
  expect(shared).toBeLessThan(2 * 64 * MB);
});
