import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventually } from '@spiderhub/testkit';
import type { Boxing, CrawlTenant, ProgramTenant } from '../boxing.ts';
import type { BoxDescription } from '../description.ts';
import type { LimitedCrawl } from './limiting.ts';
import { type LimitsOptions, openLimits } from './open-limits.ts';
import { removeGroup } from './remove-group.ts';
import { withLimits } from './with-limits.ts';

const UNIT = { memoryMb: 100, processes: 10, diskMb: 50, cpus: 0.5 };
const CRAWL: LimitedCrawl = {
  name: '7-1',
  units: 2,
  folders: ['/home', '/kept'],
  keptFolder: '/kept',
  ownUsers: false,
};
const MB = 2 ** 20;

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'groups-'));
});
afterEach(() => rmSync(root, { recursive: true }));

/** A group as the kernel shows it in v2, as far as it is looked at. */
function group(path: string, controllers: string, handedOn = ''): string {
  const directory = join(root, path);
  mkdirSync(directory, { recursive: true });
  writeFileSync(join(directory, 'cgroup.controllers'), controllers);
  writeFileSync(join(directory, 'cgroup.subtree_control'), handedOn);
  writeFileSync(join(directory, 'cgroup.procs'), '');
  return directory;
}

function open(cgroup: string, mountinfo: string, more: Partial<LimitsOptions> = {}) {
  return openLimits({
    unit: UNIT,
    home: '/srv/a',
    proc: { cgroup, mountinfo },
    probe: async () => {},
    ...more,
  });
}

const v2 = () => `29 25 0:25 / ${root} rw - cgroup2 cgroup2 rw`;

function read(directory: string): Record<string, string> {
  const names = readdirSync(directory);
  return Object.fromEntries(names.map((name) => [name, readFileSync(join(directory, name), 'utf8')]));
}

describe('limits by cgroup v2', () => {
  it('lie in the nearest group above that hands controllers on, one group for each crawl', async () => {
    const slice = group('user.slice', 'cpu memory pids', 'memory pids cpu');
    group('user.slice/own.scope', 'cpu memory pids');
    const limiting = await open('0::/user.slice/own.scope', v2());
    expect(limiting.holdsMemory).toBe(true);
    expect(limiting.missing({ ownUsers: false }).map(({ part }) => part)).toEqual(['disk']);
    const limits = await limiting.ofCrawl(CRAWL);
    const [directory = ''] = limits?.cgroups ?? [];
    expect(directory).toMatch(new RegExp(`^${slice}/spiderhub-[0-9a-f]{10}/7-1$`));
    expect(limits).toEqual({
      units: 2,
      memoryBytes: 200 * MB,
      processes: 20,
      diskBytes: 100 * MB,
      cgroups: [directory],
      memoryGroup: directory,
      pidsGroup: directory,
      rlimits: { RLIMIT_CORE: 1, RLIMIT_FSIZE: 100 * MB },
      folders: ['/home', '/kept'],
      keptFolder: '/kept',
    });
    expect(read(directory)).toEqual({
      'memory.max': String(200 * MB),
      'pids.max': '20',
      'cpu.weight': '200',
      'cpu.max': '100000 100000',
    });
    expect(readFileSync(join(directory, '../cgroup.subtree_control'), 'utf8')).toBe('+memory +pids +cpu');
  });

  it('make the processes of a container leave its topmost group, which may not have both', async () => {
    const top = group('', 'memory pids');
    writeFileSync(join(top, 'cgroup.procs'), `${process.pid}\n`);
    const limiting = await open('0::/', v2());
    // A plain file takes the controllers at once: only the kernel refuses them.
    expect(readFileSync(join(top, 'cgroup.subtree_control'), 'utf8')).toBe('+memory +pids');
    expect(limiting.holdsMemory).toBe(true);
  });

  it('leave the groups of the machine as they are', async () => {
    group('system.slice', 'cpu memory pids', '');
    const own = group('system.slice/own.service', 'cpu memory pids', '');
    const limiting = await open('0::/system.slice/own.service', v2());
    expect(limiting.holdsMemory).toBe(false);
    expect(readFileSync(join(own, 'cgroup.subtree_control'), 'utf8')).toBe('');
    expect(readdirSync(join(root, 'system.slice')).some((name) => name.startsWith('spiderhub'))).toBe(false);
  });

  it('of different installations lie apart', async () => {
    group('a', 'memory', 'memory');
    await open('0::/a', v2(), { home: '/srv/a' });
    await open('0::/a', v2(), { home: '/srv/b' });
    expect(readdirSync(join(root, 'a')).filter((name) => name.startsWith('spiderhub-'))).toHaveLength(2);
  });
});

describe('limits without control groups', () => {
  it('are those of each process, and the shim watches the rest', async () => {
    const limiting = await open('', '');
    expect(limiting.holdsMemory).toBe(false);
    const limits = await limiting.ofCrawl(CRAWL);
    expect(limits).toMatchObject({ cgroups: [], memoryGroup: null, pidsGroup: null });
    expect(limits?.rlimits).toEqual({ RLIMIT_CORE: 1, RLIMIT_FSIZE: 100 * MB, RLIMIT_DATA: 400 * MB });
    const inNamespace = await limiting.ofCrawl({ ...CRAWL, ownUsers: true });
    expect(inNamespace?.rlimits.RLIMIT_NPROC).toBe(20);
  });

  it('are named with what the kernel says and with what mends it', async () => {
    group('a', 'memory pids', 'memory pids');
    const limiting = await open('0::/a', v2(), {
      probe: async () => {
        throw new Error('EROFS: read-only file system');
      },
    });
    const missing = limiting.missing({ ownUsers: false });
    expect(missing.map(({ part }) => part)).toEqual(['memory', 'processes', 'cpu', 'disk']);
    expect(missing[0]?.words).toContain('EROFS: read-only file system');
    expect(limiting.missing({ ownUsers: true }).map(({ part }) => part)).toEqual(['memory', 'cpu', 'disk']);
  });

  it('can be turned off one by one', async () => {
    const limiting = await open('', '', { unit: { memoryMb: 0, processes: 0, diskMb: 0, cpus: 0 } });
    expect(await limiting.ofCrawl(CRAWL)).toMatchObject({
      memoryBytes: null,
      processes: null,
      diskBytes: null,
      rlimits: { RLIMIT_CORE: 1 },
    });
    expect(limiting.missing({ ownUsers: false }).map(({ words }) => /UNIT_[A-Z_]+/.exec(words)?.[0])).toEqual(
      ['UNIT_MEMORY_MB', 'UNIT_PROCESSES', undefined, 'UNIT_DISK_MB'],
    );
  });
});

/** What only a kernel does: groups that are directories without files of their own. */
const canMakeGroups = async () => (await openLimits({ unit: UNIT, home: root })).holdsMemory;

describe('real control groups', () => {
  it('go with their crawl, and what dead processes left goes at the next start', async () => {
    if (!(await canMakeGroups())) return;
    const limiting = await openLimits({ unit: UNIT, home: root });
    const wanted = await limiting.ofCrawl(CRAWL);
    const lost = await limiting.ofCrawl({ ...CRAWL, name: '8-1' });
    const program = await limiting.ofProgram({ ownUsers: false });
    const memory = wanted?.memoryGroup ?? '';
    expect(limitOf(memory)).toBe(200 * MB);
    let young: typeof wanted = null;
    const crawls = async () => {
      // Another worker begins a crawl while this one looks, and comes too late for its list.
      young = await limiting.ofCrawl({ ...CRAWL, name: '9-1' });
      return new Set(['7-1']);
    };
    expect(await limiting.sweep(crawls)).toBe(1);
    const groups = [wanted, lost, program, young].map((it: typeof program | null) =>
      it?.cgroups.every(existsSync),
    );
    expect(groups).toEqual([true, false, true, true]);
    await limiting.release('9-1', []);
    await Promise.all(program.cgroups.map((group) => removeGroup(group)));
    await limiting.close();
    expect(existsSync(memory)).toBe(true);
    await limiting.release('7-1', wanted?.cgroups ?? []);
    await limiting.close();
    expect(existsSync(join(memory, '..'))).toBe(false);
  });

  it('let nobody take more of the processors than its units allow', async () => {
    if (!(await canMakeGroups())) return;
    const limiting = await openLimits({ unit: { ...UNIT, cpus: 0.02 }, home: root });
    const limits = await limiting.ofCrawl({ ...CRAWL, units: 1 });
    const spinner = spawn('sh', ['-c', 'while :; do :; done'], { stdio: 'ignore' });
    for (const group of limits?.cgroups ?? [])
      writeFileSync(join(group, 'cgroup.procs'), String(spinner.pid));
    const cpu = limits?.cgroups.find((group) => existsSync(join(group, 'cpu.stat'))) ?? '';
    const throttled = () =>
      Number(/^nr_throttled (\d+)/m.exec(readFileSync(join(cpu, 'cpu.stat'), 'utf8'))?.[1]);
    await eventually(() => expect(throttled()).toBeGreaterThan(2));
    // Whoever is still in a group that has to go is killed.
    const gone = once(spinner, 'exit');
    await limiting.release('7-1', []);
    expect(await gone).toEqual([null, 'SIGKILL']);
    await limiting.close();
  });

  it('are made again when the last other process of the installation has just taken them away', async () => {
    if (!(await canMakeGroups())) return;
    const limiting = await openLimits({ unit: UNIT, home: root });
    await limiting.close();
    const limits = await limiting.ofCrawl(CRAWL);
    expect(limitOf(limits?.memoryGroup ?? '')).toBe(200 * MB);
    await limiting.release('7-1', []);
    await limiting.close();
  });
});

function limitOf(directory: string): number {
  const name =
    ['memory.max', 'memory.limit_in_bytes'].find((file) => existsSync(join(directory, file))) ?? '';
  return Number(readFileSync(join(directory, name), 'utf8'));
}

describe('boxes with limits', () => {
  const BOX = {
    level: 'box',
    userns: false,
    seccomp: 'default',
    cgroups: [],
    rlimits: {},
  } as unknown as BoxDescription;
  const boxes = {
    report: { level: 'box', missing: [{ part: 'network', words: 'open' }] },
    ofCrawl: async () => BOX,
    ofProgram: async () => BOX,
    forget: async () => {},
  } as Boxing;
  const program = {} as ProgramTenant;

  it('hold programs to two units, and say what does not hold', async () => {
    group('a', 'memory pids', 'memory pids');
    const boxing = withLimits(boxes, await open('0::/a', v2()));
    expect(boxing.report.missing.map(({ part }) => part)).toEqual(['network', 'cpu', 'disk']);
    const box = await boxing.ofProgram(program);
    expect(box).toMatchObject({ seccomp: 'default', rlimits: { RLIMIT_FSIZE: 100 * MB } });
    expect(read(box?.cgroups[0] ?? '')).toMatchObject({ 'memory.max': String(200 * MB), 'pids.max': '20' });
  });

  it('refuse memory that nobody would count', async () => {
    const boxing = withLimits(boxes, await open('', ''));
    expect(await boxing.ofCrawl({} as CrawlTenant)).toMatchObject({ seccomp: 'no-memory-cgroup' });
    expect(await boxing.ofProgram(program)).toMatchObject({ seccomp: 'no-memory-cgroup' });
  });
});
