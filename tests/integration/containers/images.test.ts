import { readFileSync, writeFileSync } from 'node:fs';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventually } from '@spiderhub/testkit';
import { copyPrograms, makeRoot, openEngine, type TestEngine } from '../../support/container-engine.ts';
import { type Crawl, readCrawl } from '../../support/crawl.ts';
import { type Service, type ServiceProcess, startService } from '../../support/service.ts';
import { deployImage } from './support.ts';

/** A program that is not Scrapy, in an image of this machine's own files, run as Scrapy Cloud runs custom images. */

jest.setTimeout(300_000);

const IMAGE = 'localhost/plain:1';
const PROGRAM = `#!/bin/sh
say() { printf '%s\\n' "$1" > "$SHUB_FIFO_PATH"; }
count() { n=0; while [ $n -lt $1 ]; do say "ITM {\\"n\\": $n}"; n=$((n+1)); sleep 0.1; done; }
case "$SHUB_SPIDER" in
facts)
  echo kept > "$HOME/file"; kept=$(cat file)
  if echo x 2>/dev/null > /bin/new; then root=writable; else root=closed; fi
  say "ITM {\\"uid\\": $(id -u), \\"cwd\\": \\"$(pwd)\\", \\"kept\\": \\"$kept\\", \\"root\\": \\"$root\\", \\"key\\": \\"$SHUB_JOBKEY\\", \\"data\\": $SHUB_JOB_DATA, \\"settings\\": $SHUB_SETTINGS, \\"mine\\": \\"$MINE\\", \\"fifo\\": \\"$SHUB_FIFO_PATH\\", \\"mb\\": $SHUB_JOB_MEMORY_LIMIT}"
  say 'LOG {"message": "from the pipe", "level": 30}'
  echo 'to stdout'; echo 'to stderr' >&2
  say 'FIN {"outcome": "all_done"}' ;;
polite) trap 'say "FIN {\\"outcome\\": \\"shutdown\\"}"; exit 0' TERM; count 3000 ;;
deaf) trap '' TERM; count 3000 ;;
few) count 60; say 'FIN {"outcome": "finished"}' ;;
greedy) tail /dev/zero ;;
wrong) exit 7 ;;
esac
`;

let folder: string;
let engine: TestEngine | null = null;
let service: Service;
let worker: ServiceProcess;
const hasEngine = openEngine(tmpdir()) !== null;
if (!hasEngine) process.stderr.write('No Podman with runc: custom images are not tried\n');
const withEngine = hasEngine ? describe : describe.skip;

withEngine('a program in an image', () => {
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'images-'));
    engine = openEngine(folder);
    const root = join(folder, 'root');
    makeRoot(root, PROGRAM);
    copyPrograms(root, ['/bin/sh', '/bin/sleep', '/bin/cat', '/usr/bin/id', '/usr/bin/tail']);
    engine?.importImage(IMAGE, root, ['ENV PATH=/bin:/usr/bin']);
    service = await startService({
      workers: 0,
      env: {
        CONTAINER_ENGINE: engine?.setting ?? '',
        // Containers of an ordinary user cannot be kept from networks, and would not start otherwise.
        ...(engine?.isRootless && { ISOLATION: 'none', CONTAINERS_CONF: withoutTun(folder) }),
        LEASE_SECONDS: '20',
        STOP_GRACE_SECONDS: '4',
        UNIT_MEMORY_MB: '256',
      },
    });
    worker = await deployImage(service, IMAGE, 'facts,polite,deaf,few,greedy,wrong');
  });
  afterAll(async () => {
    await service?.stop();
    engine?.close();
    await rm(folder, { recursive: true, force: true });
  });

  it('is given what the contract says, and what it says is kept', async () => {
    const id = await run('facts', { args: { a: 'b' } });
    const crawl = await ended(id, 'all_done');
    expect(crawl.items).toEqual([
      {
        uid: engine?.isRootless ? 65_534 : 200_000 + service.team.project,
        cwd: '/scrapinghub',
        kept: 'kept',
        root: 'closed',
        key: id,
        mine: 'value',
        fifo: '/dev/scrapinghub',
        mb: expect.any(Number),
        data: expect.objectContaining({
          key: id,
          spider: 'facts',
          spider_args: expect.objectContaining({ a: 'b' }),
        }),
        settings: expect.objectContaining({ job_settings: { JOBSETTING: 1 } }),
      },
    ]);
    expect(crawl.log).toContain('to stdout');
    expect(crawl.warnings).toEqual(['from the pipe']);
    expect(crawl.errors).toContain('to stderr');
    expect(containers()).toEqual([]);
  });

  it('fails with its exit code', async () => {
    const crawl = await ended(await run('wrong'), 'failed');
    expect(crawl.errors.join()).toMatch(/exit status 7/);
  });

  it('that wants more memory than its units is killed, and the job says why', async () => {
    // Limits of an ordinary user need control groups that are given to it.
    if (engine?.isRootless) return;
    await ended(await run('greedy'), /killed by oom|memusage/);
    expect(containers()).toEqual([]);
  });

  it('is asked to stop, and killed when it does not listen', async () => {
    for (const [spider, outcome] of [
      ['polite', 'cancelled'],
      ['deaf', /cancel/],
    ] as const) {
      const id = await run(spider);
      await hasItems(id);
      await service.call('/api/jobs/stop.json', { project: String(service.team.project), job: id });
      await ended(id, outcome);
    }
    expect(containers()).toEqual([]);
  });

  it('goes on when its worker is killed, and the next one loses no line', async () => {
    const id = await run('few');
    await hasItems(id);
    await worker.kill();
    worker = await service.startWorker();
    const crawl = await ended(id, 'finished');
    expect(crawl.items).toEqual(Array.from({ length: 60 }, (_, n) => ({ n })));
    const attempts = await service.db.database('job_attempts').count('* as n').where('job_id', numberOf(id));
    expect(Number(attempts[0]?.n)).toBe(1);
  });

  it('ends with its lease when nobody takes it over, and with its shim', async () => {
    const first = await run('deaf');
    await hasItems(first);
    await worker.kill();
    await eventually(() => expect(containers()).toEqual([]), { timeoutMs: 60_000, everyMs: 500 });

    worker = await service.startWorker();
    // It is tried again, as after each lost lease.
    await service.call('/api/jobs/stop.json', { project: String(service.team.project), job: first });
    await ended(first, /cancel/);
    const second = await run('deaf');
    await hasItems(second);
    const running = containers();
    expect(running).toHaveLength(1);
    process.kill(await shimOf(), 'SIGKILL');
    // The job may be tried again meanwhile.
    await eventually(() => expect(containers()).not.toContain(running[0]), {
      timeoutMs: 60_000,
      everyMs: 500,
    });
    await service.call('/api/jobs/stop.json', { project: String(service.team.project), job: second });
    await ended(second, /cancel|failed/);
  });

  it('of somebody else does not run because it is there already', async () => {
    const name = 'registry.invalid/private:1';
    engine?.run('tag', IMAGE, name);
    const project = String(service.team.project);
    const form = { project, version: '2.0', image_url: name, spiders: 'facts' };
    expect((await service.call('/api/releases/deploy.json', form)).status).toBe(200);
    const crawl = await ended(await run('facts'), 'failed');
    expect(crawl.items).toEqual([]);
    expect(crawl.errors.join()).toMatch(/registry\.invalid\/private:1 cannot be fetched/);
  });
});

/** What the engine gives containers of an ordinary user by itself needs /dev/net/tun, which they may not have. */
function withoutTun(place: string): string {
  const path = join(place, 'containers.conf');
  writeFileSync(path, '[containers]\nnetns = "host"\n');
  return path;
}

function containers(): string[] {
  return (engine?.run('ps', '--all', '--format', '{{.Names}}') ?? '')
    .split('\n')
    .filter((name) => name !== '');
}

async function run(spider: string, { args = {} }: { args?: Record<string, string> } = {}): Promise<string> {
  const answer = await service.call('/api/run.json', {
    project: String(service.team.project),
    spider,
    nonce: String(Math.random()),
    job_settings: '{"JOBSETTING": 1}',
    environment: '{"MINE": "value"}',
    ...args,
  });
  return ((await answer.json()) as { jobid: string }).jobid;
}

async function jobOf(id: string): Promise<{ state: string; close_reason: string; items_scraped: number }> {
  const answer = await service.call(`/api/jobs/list.json?project=${service.team.project}&job=${id}`);
  return ((await answer.json()) as { jobs: never[] }).jobs[0] as never;
}

async function hasItems(id: string): Promise<void> {
  await eventually(async () => expect((await jobOf(id)).items_scraped).toBeGreaterThan(1), {
    timeoutMs: 60_000,
  });
}

async function ended(id: string, outcome: string | RegExp): Promise<Crawl> {
  await eventually(async () => expect((await jobOf(id)).state).toBe('finished'), {
    timeoutMs: 90_000,
    everyMs: 200,
  });
  const crawl = await readCrawl(service, id);
  const { close_reason: reason } = await jobOf(id);
  const words = [reason, crawl.log].join('\n');
  expect([
    id,
    reason,
    typeof outcome === 'string' ? reason === outcome : outcome.test(reason),
    words,
  ]).toEqual([id, reason, true, words]);
  return crawl;
}

function numberOf(id: string) {
  const [project, spider, number] = id.split('/').map(Number);
  return service.db.database('jobs').select('id').where({ project_id: project, spider, number });
}

/** The shim of the only crawl that runs. */
async function shimOf(): Promise<number> {
  const work = join(service.home, 'work');
  for (const place of await readdir(work))
    for (const crawl of await readdir(join(work, place)))
      for (const name of [
        join(work, place, crawl),
        ...(await readdir(join(work, place, crawl)).catch(() => [])).map((each) =>
          join(work, place, crawl, each),
        ),
      ]) {
        const pid = pidIn(join(name, 'shim.json'));
        if (pid !== null) return pid;
      }
  throw new Error('no shim runs');
}

function pidIn(path: string): number | null {
  try {
    const { pid } = JSON.parse(readFileSync(path, 'utf8')) as { pid: number };
    process.kill(pid, 0);
    return pid;
  } catch {
    return null;
  }
}
