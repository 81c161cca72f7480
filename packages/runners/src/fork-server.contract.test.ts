import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CrawlRequest, CrawlRunner, JobDetails, RunningCrawl, Version } from '@spiderhub/core';
import { eventually } from '@spiderhub/testkit';
import { type House, makeHouse } from './contract/house.ts';
import {
  crawlRequest,
  isRunning,
  LAUNCHER_DIR,
  type Listener,
  listen,
  PROBE_PROJECT,
  pidsOf,
  requirePython,
  runningOf,
} from './contract/support.ts';

describe('fork server', () => {
  let house: House;
  let probe: Version;
  let root: string;

  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), 'forks-'));
    house = await makeHouse('fork boxed');
    probe = await house.deploy(PROBE_PROJECT, 'probe.settings');
  });
  afterAll(async () => {
    await house.close();
    await rm(root, { recursive: true });
  });

  /** Runs a crawl to its end. */
  async function run(request: CrawlRequest, worker: CrawlRunner = house.worker()): Promise<Ended> {
    const crawl = await worker.start(request);
    const heard = listen(crawl);
    await heard.toEnd();
    const forked = wasForked(house, request);
    const exit = await crawl.exited;
    await crawl.cleanUp();
    return { heard, exit, forked };
  }

  /** An egg with one package `demo`, or as named, whose spider tells its `word`. */
  async function deploy(word: string, more: Record<string, string> = {}): Promise<Version> {
    const project = join(root, word);
    const files = {
      'scrapy.cfg': '[settings]\ndefault = demo.settings\n',
      'demo/__init__.py': '',
      'demo/settings.py': "SPIDER_MODULES = ['demo.spiders']\n",
      'demo/word.py': `WORD = '${word}'\n`,
      'demo/spiders.py': TELLING_SPIDER,
      ...more,
    };
    for (const [name, text] of Object.entries(files)) {
      await mkdir(join(project, name, '..'), { recursive: true });
      await writeFile(join(project, name), text);
    }
    return house.deploy(project, 'demo.settings');
  }

  it.each([
    ['of the stack', async () => null],
    ['of what a project has installed beside the stack', () => house.requirements()],
  ])('gives a crawl what a new Python %s would', async (_, requirements) => {
    const version = { ...probe, requirements: await requirements() };
    const told = async (worker: CrawlRunner) => {
      const request = crawlRequest(version, { spiderName: 'interpreter', environment: { TZ: 'Asia/Tokyo' } });
      const { heard, forked } = await run(request, worker);
      const text = JSON.stringify(heard.payloads('ITM')[0]);
      const names = `${request.job.id}-${request.job.attempt}`;
      return { forked, item: JSON.parse(text.replaceAll(`/${names}/`, '/JOB/')) as Interpreter };
    };
    const forked = await told(house.worker());
    const cold = await told(house.worker({ cold: true }));
    expect([forked.forked, cold.forked]).toEqual([true, false]);
    expect(forked.item.zone).toEqual(['JST', 'JST']);
    expect({ ...forked.item, modules: [], random: 0 }).toEqual({ ...cold.item, modules: [], random: 0 });
    const missing = cold.item.modules.filter((name) => !forked.item.modules.includes(name));
    expect(missing).toEqual([]);
  });

  it('has imported nearly everything that a crawl needs, and nothing that reads the environment of its job', async () => {
    const { heard } = await run(crawlRequest(probe, { spiderName: 'interpreter' }));
    const loaded = JSON.parse(
      execFileSync(requirePython(), ['-c', PRELOAD, LAUNCHER_DIR], { env: {} }).toString(),
    );
    const later = (heard.payloads('ITM')[0] as unknown as Interpreter).modules.filter(
      (name) => !loaded.modules.includes(name),
    );
    const expected =
      /^(__mp_main__|(probe|spiderhub_checks|spiderhub_crawl|sh_scrapy|tldextract|dotenv|zoneinfo)(\..*)?|scrapy\.downloadermiddlewares\.cookies|twisted\.internet\.\w*reactor\w*)$/;
    expect(later.filter((name) => !expected.test(name))).toEqual([]);
    expect(loaded.missing).toEqual([]);
    expect(loaded.read.filter((name: string) => /^(HOME|PATH|TMPDIR|SHUB_|SCRAPY_)/.test(name))).toEqual([]);
  });

  it.each([
    ['asyncio', 'twisted.internet.asyncioreactor.AsyncioSelectorReactor', 'AsyncioSelectorReactor'],
    ['select', 'twisted.internet.selectreactor.SelectReactor', 'SelectReactor'],
  ])('lets a crawl choose the %s reactor', async (_, setting, name) => {
    const request = crawlRequest(probe, {
      spiderName: 'interpreter',
      settings: { TWISTED_REACTOR: JSON.stringify(setting) },
    });
    const { heard, forked } = await run(request);
    expect(heard.payloads('ITM')).toMatchObject([{ reactor: name }]);
    expect(forked).toBe(true);
  });

  it('keeps projects with packages of the same name apart', async () => {
    const [one, two] = [await deploy('one'), await deploy('two')];
    const said: unknown[] = [];
    for (const version of [one, two, one]) {
      const { heard, forked } = await run(crawlRequest(version, { spiderName: 'tell' }));
      said.push([heard.payloads('ITM')[0]?.word, forked]);
    }
    expect(said).toEqual([
      ['one', true],
      ['two', true],
      ['one', true],
    ]);
  });

  it('starts cold what has installed something that would have changed what was imported', () => {
    const args = ['-c', SUITABLE, LAUNCHER_DIR, join(root, 'beside')];
    const env = { SPIDERHUB_ROOM: ' '.repeat(4200) };
    const names = ['tinydep', 'lxml', 'json', 'sitecustomize', 'SOUGHT'];
    const found = execFileSync(requirePython(), [...args, ...names], { env, encoding: 'utf8' });
    expect(JSON.parse(found)).toEqual({
      'without packages': false,
      tinydep: true,
      lxml: false,
      json: false,
      sitecustomize: false,
      SOUGHT: false,
      'another Python': false,
    });
  });

  it('starts cold what brings a module of its own in the place of an imported one', async () => {
    const extra = join(root, 'extra');
    await mkdir(join(extra, 'cProfile'), { recursive: true });
    await writeFile(join(extra, 'scrapy.cfg'), '[settings]\ndefault = cProfile.settings\n');
    await writeFile(join(extra, 'cProfile/__init__.py'), "WORD = 'own module'\n");
    const { eggSha256 } = await house.deploy(extra, 'cProfile.settings');
    const own = await deploy('shadowing', {
      'demo/spiders.py': TELLING_SPIDER.replace('demo.word', 'cProfile'),
    });
    const version = { ...own, extraEggs: [eggSha256] };
    const { heard, forked } = await run(crawlRequest(version, { spiderName: 'tell' }));
    expect(heard.payloads('ITM')).toMatchObject([{ word: 'own module' }]);
    expect(forked).toBe(false);
  });

  it.each(['PYTHONHASHSEED', 'LC_ALL', 'LD_LIBRARY_PATH', 'SSL_CERT_FILE', 'ZOPE_INTERFACE_STRICT_IRO'])(
    'starts cold what sets %s',
    async (name) => {
      const environment = { [name]: name === 'LC_ALL' ? 'C' : '0' };
      const { exit, forked } = await run(
        crawlRequest(probe, { spiderName: 'numbers', args: { count: '1' }, environment }),
      );
      expect({ exit, forked }).toMatchObject({ exit: { code: 0 }, forked: false });
    },
  );

  it('reports a crawl that ends its process in the middle', async () => {
    const { exit, forked } = await run(crawlRequest(probe, { spiderName: 'abrupt' }));
    expect({ exit, forked }).toEqual({
      exit: { code: 7, signal: null, deadlinePassed: false },
      forked: true,
    });
  });

  it('gives each crawl random numbers of its own', async () => {
    const request = () => crawlRequest(probe, { spiderName: 'interpreter' });
    const [a, b] = await Promise.all([run(request()), run(request())]);
    expect(a.heard.payloads('ITM')[0]?.random).not.toBe(b.heard.payloads('ITM')[0]?.random);
  });

  it('shows nothing of a job in the process table', async () => {
    const { crawl, heard, request } = await startFamily('family');
    const shim = shimOf(house, request);
    // The spider's own children are other programs, with the job's environment.
    const forks = [shim.pid, shim.crawlPid, ...runningOf(heard)].filter((pid) =>
      /fork_server/.test(ofProc(pid, 'cmdline')),
    );
    expect(new Set(forks).size).toBe(3);
    for (const pid of forks) {
      const shown = ofProc(pid, 'environ') + ofProc(pid, 'cmdline');
      expect(shown.replace(`SHUB_FIFO_PATH=${house.jobPath(request.job, 'pipe')}`, '')).not.toMatch(
        /SHUB|job-token/,
      );
    }
    await end(crawl, heard);
  });

  it('lets the worker find forks of a crawl whose shim was killed', async () => {
    const { crawl, heard, request } = await startFamily('heir');
    process.kill(shimOf(house, request).pid, 'SIGKILL');
    expect(await crawl.exited).toMatchObject({ shimDied: true });
    const pids = pidsOf(heard);
    expect(pids).toHaveLength(2);
    await eventually(() => expect(runningOf(heard)).toEqual([]));
    await end(crawl, heard);
  });

  it('answers nobody but its worker', async () => {
    const [socket] = (await readdir(house.workDir)).filter((name) => name.endsWith('.sock'));
    const answer = execFileSync(requirePython(), [
      '-c',
      STRANGER,
      join(house.workDir, socket ?? ''),
      house.workDir,
    ]);
    expect(answer.toString()).toBe("b''");
  });

  it('can be killed: its crawls go on, and the next one starts cold', async () => {
    const own = await makeHouse('fork boxed', () => {});
    const version = await own.deploy(PROBE_PROJECT, 'probe.settings');
    const request = crawlRequest(version, { spiderName: 'numbers', args: { count: '200' } });
    const crawl = await own.worker().start(request);
    const heard = listen(crawl);
    await heard.until(() => heard.counts().ITM > 0);
    const server = own.forkServer?.pid() ?? 0;
    process.kill(server, 'SIGKILL');
    await heard.toEnd();
    expect(await crawl.exited).toEqual({ code: 0, signal: null, deadlinePassed: false });
    expect(heard.counts().ITM).toBe(200);
    expect(isRunning(server)).toBe(false);
    await crawl.cleanUp();
    const next = await own
      .worker()
      .start(crawlRequest(version, { spiderName: 'numbers', args: { count: '1' } }));
    expect(await next.exited).toMatchObject({ code: 0 });
    await next.cleanUp();
    await own.close();
  });

  it('starts nothing that its worker does not wait for any more', async () => {
    const server = house.forkServer?.pid() ?? 0;
    process.kill(server, 'SIGSTOP');
    const request = crawlRequest(probe, { spiderName: 'numbers', args: { count: '50' } });
    const crawl = await house.worker().start(request);
    const heard = listen(crawl);
    await heard.until(() => heard.counts().ITM > 0);
    const cold = shimOf(house, request);
    process.kill(server, 'SIGCONT');
    // The server has dealt with the late request once it has answered the next one.
    const next = await run(crawlRequest(probe, { spiderName: 'numbers', args: { count: '1' } }));
    await heard.toEnd();
    expect([wasForked(house, request), next.forked]).toEqual([false, true]);
    expect(shimOf(house, request)).toEqual(cold);
    expect(heard.payloads('ITM').map(({ n }) => n)).toEqual(Array.from({ length: 50 }, (_, n) => n));
    expect(await crawl.exited).toEqual({ code: 0, signal: null, deadlinePassed: false });
    await crawl.cleanUp();
  });

  it('ends with its worker; its crawls go on and can be taken over', async () => {
    const own = await makeHouse('fork boxed');
    const version = await own.deploy(PROBE_PROJECT, 'probe.settings');
    const request = crawlRequest(version, { spiderName: 'numbers', args: { count: '100' } });
    const first = listen(await own.worker().start(request));
    await first.until(() => first.counts().ITM > 0);
    await first.close();
    const server = own.forkServer?.pid() ?? 0;
    await own.forkServer?.close();
    expect(isRunning(server)).toBe(false);
    expect((await readdir(own.workDir)).filter((name) => name.endsWith('.sock'))).toEqual([]);
    const [orphan] = await own.worker().orphans();
    const adopted = await orphan?.adopt();
    if (!adopted) throw new Error('the crawl was not found');
    const heard = listen(adopted);
    await heard.toEnd();
    expect(heard.counts().ITM).toBe(100);
    expect(await adopted.exited).toEqual({ code: 0, signal: null, deadlinePassed: false });
    await adopted.cleanUp();
    await own.close();
  });

  it('collects its children', async () => {
    const server = house.forkServer?.pid();
    for (let n = 0; n < 5; n += 1)
      await run(crawlRequest(probe, { spiderName: 'numbers', args: { count: '0' } }));
    const children = readFileSync(`/proc/${server}/task/${server}/children`, 'latin1').trim().split(' ');
    // Of the last one it may not have heard yet.
    expect(children.filter(Boolean).length).toBeLessThan(2);
  });

  async function startFamily(spiderName: string) {
    const request = crawlRequest(probe, { spiderName });
    const crawl = await house.worker().start(request);
    const heard = listen(crawl);
    await heard.until(() => heard.counts().ITM > 0);
    return { request, crawl, heard };
  }
});

/** Empty for what not even the user of the service may look into. */
function ofProc(pid: number, name: string): string {
  try {
    return readFileSync(`/proc/${pid}/${name}`, 'latin1');
  } catch {
    return '';
  }
}

interface Ended {
  heard: Listener;
  exit: Awaited<RunningCrawl['exited']>;
  forked: boolean;
}

interface Interpreter {
  modules: string[];
  zone: string[];
}

async function end(crawl: RunningCrawl, heard: Listener): Promise<void> {
  await crawl.kill();
  await crawl.exited;
  await heard.close();
  await crawl.cleanUp();
}

function shimOf(house: House, { job }: { job: JobDetails }): { pid: number; crawlPid: number } {
  return JSON.parse(readFileSync(house.jobPath(job, 'shim.json'), 'utf8'));
}

function wasForked(house: House, { job }: CrawlRequest): boolean {
  return house.forked.has(join(house.workDir, `${job.id}-${job.attempt}`));
}

const TELLING_SPIDER = `import scrapy
from demo.word import WORD

class Tell(scrapy.Spider):
    name = 'tell'

    async def start(self):
        yield {'word': WORD}
`;

const PRELOAD = `import json, sys
sys.path.insert(0, sys.argv[1])
import fork_modules
read, _ = fork_modules.preload()
missing = [name for name in fork_modules.MODULES if name not in sys.modules]
print(json.dumps({'modules': list(sys.modules), 'read': list(read), 'missing': missing}))
`;

/** Which modules of an environment of a project let its crawls be forked; one of those that were looked for in vain is SOUGHT. */
const SUITABLE = `import json, os, sys
sys.path.insert(0, sys.argv[1])
import fork_crawl, fork_modules
read, missed = fork_modules.preload()
suitability = fork_crawl.Suitability(read, missed)
environment = sys.argv[2]
packages = '%s/lib/python%d.%d/site-packages' % (environment, *sys.version_info[:2])
argv = [environment + '/bin/python', sys.argv[1] + '/crawl.py']
launch = {'argv': argv, 'env': {'SHUB_FIFO_PATH': '/x'}, 'beside': environment}
found = {'without packages': suitability.admits(launch)}
os.makedirs(packages)
for name in sys.argv[3:]:
    path = '%s/%s.py' % (packages, sorted(missed)[0] if name == 'SOUGHT' else name)
    open(path, 'w').close()
    found[name] = suitability.admits(launch)
    os.unlink(path)
found['another Python'] = suitability.admits({**launch, 'argv': [sys.executable, argv[1]]})
print(json.dumps(found))
`;

const STRANGER = `import socket, sys
stranger = socket.socket(socket.AF_UNIX)
stranger.connect(sys.argv[1])
try:
    stranger.send(sys.argv[2].encode() + b'\\n')
    print(stranger.recv(10), end='')
except (BrokenPipeError, ConnectionResetError):
    print(b'', end='')
`;
