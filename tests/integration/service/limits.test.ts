import { createHash } from 'node:crypto';
import { type Limiting, openLimits } from '@spiderhub/isolation';
import { eventually } from '@spiderhub/testkit';
import { type Service, startService } from '../../support/service.ts';
import { deployEgg, smallEgg } from '../../support/small-egg.ts';
import { treeOf } from '../../support/tree.ts';

/**
 * Spiders that take all they can get, beside one that only wants to work. As root the kernel holds their limits; for a user
 * without control groups the shim watches them.
 */

jest.setTimeout(300_000);

const MEMORY_MB = 256;
const PROCESSES = 40;
const DISK_MB = 48;

let service: Service;
let held: Limiting;

beforeAll(async () => {
  const unit = { memoryMb: MEMORY_MB, processes: PROCESSES, diskMb: DISK_MB, cpus: 0 };
  held = await openLimits({ unit, home: '/a/home/of/no/service' });
  await held.close();
  service = await startService({
    env: {
      UNIT_MEMORY_MB: String(MEMORY_MB),
      UNIT_PROCESSES: String(PROCESSES),
      UNIT_DISK_MB: String(DISK_MB),
      WORKER_SLOTS: '3',
    },
  });
  const lines = await deployEgg(service, smallEgg(SPIDERS));
  expect(JSON.parse(lines.at(-1) ?? '')).toMatchObject({ status: 'ok' });
});
afterAll(async () => {
  await service.stop();
  // The last crawls may end after their worker.
  await eventually(() => expect(groupsOf(service.home)).toEqual([]));
});

interface Ended {
  state: string;
  close_reason: string;
  items_scraped: number;
}

async function schedule(spider: string, more: Record<string, string> = {}): Promise<string> {
  const answer = await service.call('/api/schedule.json', {
    project: String(service.team.project),
    spider,
    ...more,
  });
  return ((await answer.json()) as { jobid: string }).jobid;
}

async function find(job: string): Promise<Ended> {
  const answer = await service.call(`/api/jobs/list.json?project=${service.team.project}&job=${job}`);
  return ((await answer.json()) as { jobs: Ended[] }).jobs[0] as Ended;
}

async function finished(job: string): Promise<Ended> {
  return eventually(
    async () => {
      const found = await find(job);
      if (found.state !== 'finished') throw new Error(`job ${job} is ${found.state}`);
      return found;
    },
    { timeoutMs: 120_000 },
  );
}

async function read(kind: 'items' | 'log', job: string): Promise<string> {
  return (await service.call(`/api/${kind}.json?project=${service.team.project}&job=${job}`)).text();
}

/** Runs a spider beside one that works, which has to get through. */
async function beside(
  spider: string,
  more: Record<string, string> = {},
): Promise<Ended & { log: string; job: string }> {
  const neighbour = await schedule('neighbour');
  await eventually(async () => expect(JSON.parse(await read('items', neighbour)).length).toBeGreaterThan(0));
  const job = await schedule(spider, more);
  const ended = await finished(job);
  expect((await find(neighbour)).state).toBe('running');
  await service.call('/api/jobs/stop.json', { project: String(service.team.project), job: neighbour });
  expect(await finished(neighbour)).toMatchObject({ close_reason: 'cancelled' });
  const log = await read('log', job);
  const times = (JSON.parse(log) as { time: number }[]).map(({ time }) => time);
  const [begin = 0, end = 0] = [times[0], times.at(-1)];
  const worked = (JSON.parse(await read('items', neighbour)) as { at: number }[]).filter(
    ({ at }) => at > begin && at < end,
  );
  // Some of these crawls are over within a moment, so it is not asked how often.
  expect(worked.length).toBeGreaterThan(0);
  return { ...ended, job, log };
}

describe('memory', () => {
  it.each(['hog', 'memfd'])('ends a crawl that wants more than its job may have: %s', async (spider) => {
    // What is in no process is only seen by a control group.
    if (spider === 'memfd' && !held.holdsMemory) return;
    const { close_reason, log } = await beside(spider);
    if (held.holdsMemory) {
      expect(close_reason).toBe('killed by oom');
      expect(log).toContain(`it needed more than ${MEMORY_MB} MB of memory, the limit of a job of 1 unit.`);
    } else {
      expect(close_reason).toBe('memusage_exceeded');
      expect(log).toMatch(new RegExp(`took \\d+ MB of memory, and a job of 1 unit may have ${MEMORY_MB} MB`));
    }
  });

  it('gives a job of more units more', async () => {
    const job = await schedule('hog', { units: '3', megabytes: '512' });
    expect(await finished(job)).toMatchObject({ close_reason: 'finished', items_scraped: 1 });
  });

  it('counts for a crawl and its children together', async () => {
    const { close_reason, items_scraped, log } = await beside('brood', { units: '2' });
    if (held.holdsMemory) {
      expect({ close_reason, items_scraped }).toEqual({ close_reason: 'finished', items_scraped: 1 });
      expect(log).toContain(`together they needed more than ${2 * MEMORY_MB} MB of memory`);
    } else expect(close_reason).toBe('memusage_exceeded');
  });
});

describe('processes', () => {
  it('are refused above the limit, which is an error in the log of a crawl that goes on', async () => {
    const { close_reason, log, job } = await beside('bomb');
    if (held.missing({ ownUsers: await haveOwnUsers() }).some(({ part }) => part === 'processes')) {
      expect(close_reason).toBe('failed');
      expect(log).toMatch(new RegExp(`had \\d+ processes, and a job of 1 unit may have ${PROCESSES}`));
      return;
    }
    expect(close_reason).toBe('finished');
    const [{ started, error }] = JSON.parse(await read('items', job));
    expect(started).toBeLessThan(PROCESSES);
    expect(error).toContain('Resource temporarily unavailable');
    expect(log).toMatch(/the crawl had \d+ processes( and threads,|: .*) the limit of a job of 1 unit\./i);
  });
});

describe('processors', () => {
  it('are shared with a crawl that computes with many processes', async () => {
    expect(await beside('spinner')).toMatchObject({ close_reason: 'finished', items_scraped: 1 });
  });
});

describe('disk', () => {
  it.each(['many files', 'deleted file', 'deep folders'])('ends a crawl that fills it: %s', async (how) => {
    const { close_reason, log } = await beside('filler', { how });
    expect(close_reason).toBe('diskusage_exceeded');
    expect(log).toMatch(
      new RegExp(`(took \\d+ MB on disk|cannot be told).*, and a job of 1 unit may have ${DISK_MB} MB`),
    );
  });

  it('holds a single file to the limit at once', async () => {
    const { close_reason, log } = await beside('filler', { how: 'one file' });
    expect(close_reason).toBe('diskusage_exceeded');
    expect(log).toContain('File too large');
  });

  it('counts what is kept for a spider, and lets a crawl clear it away', async () => {
    const kept = { job_settings: '{"JOB_FOLDER_ENABLED":"1"}' };
    const filling = await beside('filler', { how: 'many files', ...kept });
    expect(filling.close_reason).toBe('diskusage_exceeded');
    expect(filling.log).toMatch(/\d+ MB of it in the folder that is kept for its spider/);
    const clearing = await schedule('filler', { how: 'clear', ...kept });
    expect(await finished(clearing)).toMatchObject({ close_reason: 'finished', items_scraped: 1 });
  });
});

it('keeps a crawl in its groups when its worker is killed, and leaves none behind', async () => {
  const job = await schedule('neighbour');
  await eventually(async () => expect(JSON.parse(await read('items', job)).length).toBeGreaterThan(0));
  const before = groupsOf(service.home);
  expect(before.length > 0).toBe(held.holdsMemory);
  await service.killWorkers();
  const items = JSON.parse(await read('items', job)).length;
  await service.startWorker();
  await eventually(async () => expect(JSON.parse(await read('items', job)).length).toBeGreaterThan(items));
  await eventually(() => expect(groupsOf(service.home)).toEqual(before));
  await service.call('/api/jobs/stop.json', { project: String(service.team.project), job });
  expect(await finished(job)).toMatchObject({ close_reason: 'cancelled' });
  // The group of all crawls stays as long as a worker does.
  await eventually(async () =>
    expect(groupsOf(service.home).filter((path) => /\d+-\d+$/.test(path))).toEqual([]),
  );
});

/** Whether crawls have user namespaces of their own. */
async function haveOwnUsers(): Promise<boolean> {
  const { isolation } = (await (await service.call('/readyz')).json()) as { isolation: { level: string } };
  return isolation.level === 'box' && process.getuid?.() !== 0;
}

/** Control groups of an installation, in every tree of this machine. */
function groupsOf(home: string): string[] {
  const own = `/spiderhub-${createHash('sha256').update(home).digest('hex').slice(0, 10)}`;
  return treeOf('/sys/fs/cgroup')
    .filter(({ path, entry }) => entry.isDirectory() && path.includes(own))
    .map(({ path }) => path)
    .sort();
}

const SPIDERS = `import errno, os, subprocess, sys, time

import scrapy

MB = 1024 * 1024


class Base(scrapy.Spider):
    async def start(self):
        yield scrapy.Request('data:,x', dont_filter=True)


class Neighbour(Base):
    name = 'neighbour'

    async def parse(self, response):
        yield {'at': time.time() * 1000}
        time.sleep(0.05)
        yield scrapy.Request('data:,x', dont_filter=True)


def take(megabytes):
    taken = []
    for _ in range(megabytes // 8):
        taken.append(b'x' * (8 * MB))
        # A watch that looks twice a second has to see it.
        time.sleep(0.05)
    return len(taken)


class Hog(Base):
    name = 'hog'
    megabytes = '2048'

    def parse(self, response):
        yield {'taken': take(int(self.megabytes))}


class Memfd(Base):
    name = 'memfd'

    def parse(self, response):
        for n in range(32):
            file = os.memfd_create(str(n))
            for _ in range(32):
                os.write(file, b'x' * MB)
        yield {'taken': 1024}


class Brood(Base):
    name = 'brood'

    def parse(self, response):
        code = 'import time; taken = b"x" * (300 * 1024 * 1024); time.sleep(8)'
        children = [subprocess.Popen([sys.executable, '-S', '-c', code]) for _ in range(3)]
        yield {'ended': [child.wait() for child in children]}


class Bomb(Base):
    name = 'bomb'

    def parse(self, response):
        started, error = [], None
        try:
            for _ in range(150):
                started.append(subprocess.Popen(['sleep', '60']))
        except OSError as refused:
            error = str(refused)
        time.sleep(3)
        for child in started:
            child.kill()
            child.wait()
        yield {'started': len(started), 'error': error}


class Spinner(Base):
    name = 'spinner'

    def parse(self, response):
        code = 'import time; until = time.time() + 4\\nwhile time.time() < until: pass'
        children = [subprocess.Popen([sys.executable, '-S', '-c', code]) for _ in range(16)]
        yield {'ended': [child.wait() for child in children]}


class Filler(Base):
    name = 'filler'
    how = ''

    def parse(self, response):
        if self.how == 'clear':
            for name in os.listdir():
                if name.startswith('part'):
                    os.unlink(name)
            yield {'cleared': True}
            return
        if self.how == 'deep folders':
            for _ in range(60):
                os.mkdir('d' * 100)
                os.chdir('d' * 100)
        file = open('part', 'wb')
        if self.how == 'deleted file':
            os.unlink('part')
        for n in range(200):
            if self.how != 'one file' and self.how != 'deleted file':
                file = open('part%d' % n, 'wb')
            if self.how == 'deleted file' and n % 20 == 0:
                file, self.files = open('part', 'wb'), getattr(self, 'files', []) + [file]
                os.unlink('part')
            file.write(b'x' * MB)
            file.flush()
            if self.how != 'one file':
                time.sleep(0.02)
        time.sleep(20)
        yield {'filled': True}
`;
