import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { redisOptions } from '@spiderhub/platform';
import {
  createRedisGuard,
  createSignalSender,
  createTicketReceiver,
  createTicketSender,
} from '@spiderhub/queue';
import { eventually, freePort } from '@spiderhub/testkit';
import { hasOpenssl, makeCertificates } from '../../support/certificates.ts';
import { startFakeSentinel } from '../../support/fake-sentinel.ts';
import {
  DOWN_AFTER_MS,
  MASTER,
  redisProgram,
  type SentinelGroup,
  startRedisProcess,
  startSentinelGroup,
} from '../../support/redis-servers.ts';
import { type Service, startService } from '../../support/service.ts';
import { deployEgg, smallEgg } from '../../support/small-egg.ts';

/** Ways to reach Redis other than one server on this machine, each with real servers. */

jest.setTimeout(300_000);

const SPIDER = `
import scrapy

class Quick(scrapy.Spider):
    name = 'quick'
    start_urls = []
`;
const PASSWORDS = { password: 'p-of-servers', sentinelPassword: 'p-of-sentinels' };

let folder: string;
let program: string;
const closers: (() => Promise<unknown>)[] = [];

beforeAll(async () => {
  program = await redisProgram();
});
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'redis-'));
});
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
  rmSync(folder, { recursive: true, force: true });
});

function addressOf(group: SentinelGroup, scheme = 'redis'): string {
  const { password, sentinelPassword } = PASSWORDS;
  return `${scheme}+sentinel://:${password}@${group.hosts}/${MASTER}?db=1&sentinel_password=${sentinelPassword}`;
}

async function schedule(service: Service): Promise<number> {
  const answer = await service.call('/api/run.json', {
    project: String(service.team.project),
    spider: 'quick',
    nonce: String(Math.random()),
  });
  await answer.text();
  return answer.status;
}

describe.each<NodeJS.Signals>(['SIGKILL', 'SIGSTOP'])('Sentinels whose master gets a %s', (signal) => {
  it('refuse no call and keep none waiting, and jobs go on with the new master; each runs once', async () => {
    const group = await startSentinelGroup(program, { folder, ...PASSWORDS });
    closers.push(() => group.close());
    const service = await startService({ env: { REDIS_URL: addressOf(group) } });
    closers.push(() => service.stop());
    expect((await deployEgg(service, smallEgg(SPIDER))).at(-1)).toContain('"ok"');

    const answers = [await schedule(service), await schedule(service)];
    await allFinished(service, answers.length);
    const { rows } = await service.db.database.raw('select clock_timestamp() as now');
    const killedAt = rows[0].now as Date;
    group.master.signal(signal);
    let isChanged = false;
    const change = group.change().then(() => {
      isChanged = true;
    });
    let answeredMeanwhile = 0;
    for (let n = 0; n < 30; n++) {
      answers.push(await schedule(service));
      if (!isChanged) answeredMeanwhile += 1;
      await delay(300);
    }
    await change;
    await allFinished(service, answers.length);

    expect(answers.filter((status) => status !== 200)).toEqual([]);
    // Nobody waits for a master.
    expect(answeredMeanwhile).toBeGreaterThan(1);
    const later = await service.db.database('jobs').where('pending_at', '>', killedAt);
    const firstMs = Math.min(...later.map(({ running_at }) => running_at - killedAt.getTime()));
    // Whoever waits for a connection to die that nobody ends waits for minutes.
    expect(firstMs).toBeLessThan(DOWN_AFTER_MS + 40_000);
    expect(later.map(({ attempt }) => attempt)).toEqual(later.map(() => 1));
    const attempts = await service.db.database('job_attempts').count('* as n');
    expect(Number(attempts[0]?.n)).toBe(answers.length);
    process.stderr.write(`${signal}: first claim after ${firstMs} ms, ${answers.length} jobs\n`);
  });
});

it('a new master that Sentinels tell of while a connection asks them for it is found', async () => {
  const [one, two] = await Promise.all(
    ['one', 'two'].map((name) => startRedisProcess(program, { folder: join(folder, name) })),
  );
  if (!one || !two) throw new Error('no servers');
  closers.push(() => two.kill());
  const sentinel = await startFakeSentinel(one.port);
  closers.push(() => sentinel.close());
  const redis = redisOptions({ REDIS_URL: `redis+sentinel://127.0.0.1:${sentinel.port}/${MASTER}` });
  const signals = createSignalSender({ redis, prefix: 'test' });
  closers.push(async () => signals.close());
  await eventually(() => signals.ping());
  await eventually(() => expect(sentinel.listeners).toBe(1));

  sentinel.isHolding = true;
  await one.kill();
  await eventually(() => expect(sentinel.waiting).toBe(1));
  sentinel.tell();
  // Whoever heard it, or has no need to, is gone.
  await eventually(() => expect(sentinel.listeners).toBe(0));
  sentinel.master = two.port;
  sentinel.release();
  await eventually(() => signals.ping());
  await eventually(() => expect(sentinel.listeners).toBe(1));
});

/** Until so many jobs have run to their end; says of the others what became of them. */
async function allFinished(service: Service, jobs: number): Promise<void> {
  await eventually(
    async () => {
      const all = await service.db.database('jobs').select('number', 'state', 'attempt', 'close_reason');
      expect(
        all.filter(({ state, close_reason }) => `${state} ${close_reason}` !== 'finished finished'),
      ).toEqual([]);
      expect(all).toHaveLength(jobs);
    },
    { timeoutMs: 120_000 },
  );
}

describe('TLS with an authority of its own', () => {
  const test = hasOpenssl() ? it : it.skip;
  if (!hasOpenssl()) process.stderr.write('OpenSSL 3 is not installed: tests of TLS are skipped\n');

  async function withTls<T>(start: () => Promise<T>): Promise<T | null> {
    try {
      return await start();
    } catch (error) {
      if (!/tls/i.test((error as Error).message)) throw error;
      process.stderr.write(`${program} was built without TLS: its test is skipped\n`);
      return null;
    }
  }

  test('reaches a server, and only with REDIS_CA_FILE', async () => {
    const certificates = makeCertificates(folder);
    const server = await withTls(() =>
      startRedisProcess(program, { folder: join(folder, 'one'), certificates }),
    );
    if (!server) return;
    closers.push(() => server.kill());
    const REDIS_URL = `rediss://127.0.0.1:${server.port}`;
    await expect(ping(redisOptions({ REDIS_URL }), 5000)).rejects.toThrow();
    await ping(redisOptions({ REDIS_URL, REDIS_CA_FILE: certificates.authority }));
  });

  test('reaches Sentinels and servers, with tickets', async () => {
    const certificates = makeCertificates(folder);
    const group = await withTls(() => startSentinelGroup(program, { folder, ...PASSWORDS, certificates }));
    if (!group) return;
    closers.push(() => group.close());
    const REDIS_URL = addressOf(group, 'rediss');
    await expect(ping(redisOptions({ REDIS_URL }), 5000)).rejects.toThrow();
    const redis = redisOptions({ REDIS_URL, REDIS_CA_FILE: certificates.authority });
    await ping(redis);
    const seen: number[] = [];
    const receiver = createTicketReceiver({
      redis,
      prefix: 'test',
      slots: 1,
      work: async (id) => void seen.push(id),
    });
    const sender = createTicketSender({ redis, prefix: 'test' });
    closers.push(
      () => receiver.close(),
      () => sender.close(),
    );
    await eventually(() => sender.send([{ id: 7, attempt: 1, priority: 2 }]));
    await eventually(() => expect(seen).toEqual([7]));
  });
});

/** Until the server answers; rejects when it does not for so long, ms. */
async function ping(redis: ReturnType<typeof redisOptions>, timeoutMs = 60_000): Promise<void> {
  const signals = createSignalSender({ redis, prefix: 'test' });
  try {
    await eventually(() => signals.ping(), { timeoutMs });
  } finally {
    signals.close();
  }
}

describe('a Redis Cluster', () => {
  const lines = ['cluster-enabled yes'];

  it('is refused by API and worker at the start, with a sentence', async () => {
    const server = await startRedisProcess(program, { folder: join(folder, 'one'), lines });
    closers.push(() => server.kill());
    const REDIS_URL = `redis://127.0.0.1:${server.port}`;
    await expect(startService({ workers: 0, env: { REDIS_URL } })).rejects.toThrow(
      /leads to a Redis Cluster/,
    );
    const service = await startService({ workers: 0 });
    closers.push(() => service.stop());
    await expect(service.startWorker({ REDIS_URL })).rejects.toThrow(/leads to a Redis Cluster/);
  });

  it('that was away at the start is found once it answers', async () => {
    const port = await freePort();
    const heard: string[] = [];
    const guard = createRedisGuard({ host: '127.0.0.1', port }, (sentence) => heard.push(sentence));
    closers.push(() => guard.stop());
    await guard.start();
    const server = await startRedisProcess(program, { folder: join(folder, 'one'), lines, port });
    closers.push(() => server.kill());
    await eventually(() => expect(heard).toEqual([expect.stringContaining('Redis Cluster')]));
  });
});
