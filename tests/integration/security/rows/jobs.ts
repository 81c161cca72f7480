import { setTimeout as delay } from 'node:timers/promises';
import { redisOptions } from '@spiderhub/platform';
import { createTicketSender } from '@spiderhub/queue';
import { MARK, type Row } from '../stage.ts';

/** A spider that does this when it starts, and no requests. */
const spider = (body: string, top = '') => `import json, os, scrapy, threading, time
${top}
class Hostile(scrapy.Spider):
    name = 'hostile'
    def act(self):
${body.replace(/^/gm, '        ')}
    async def start(self):
        for item in self.act() or []: yield item
    def start_requests(self):
        self.act()
        return []
`;
const WEBHOOKS =
  'webhooks have suites of their own: tests/integration/webhooks, tests/contract/console/webhooks';
const pipe = "os.open(os.environ['SHUB_FIFO_PATH'], os.O_WRONLY | os.O_NONBLOCK)";

export const JOBS: Row[] = [
  { row: 71, what: 'webhooks to private addresses', absent: WEBHOOKS },
  { row: 72, what: 'webhooks to names that change', absent: WEBHOOKS },
  { row: 73, what: 'webhooks that redirect', absent: WEBHOOKS },
  { row: 74, what: 'webhooks of other schemes and ports', absent: WEBHOOKS },
  { row: 75, what: 'receivers without end', absent: WEBHOOKS },
  {
    row: 76,
    what: 'webhooks that go round',
    absent:
      'what a receiver schedules is held to the limits of its project: tests/integration/service-limits',
  },
  { row: 77, what: 'signatures of webhooks', absent: WEBHOOKS },
  {
    row: 8,
    what: 'settings that lead out of the job',
    doors: ['job'],
    async run(stage) {
      const settings = {
        FEEDS: { [`file:///tmp/${MARK}.json`]: { format: 'json' } },
        LOG_FILE: `/var/tmp/${MARK}`,
        JOBDIR: `/tmp/${MARK}-jobdir`,
        TELNETCONSOLE_ENABLED: 1,
      };
      const { items } = await stage.crawl(spider("return [{'here': True}]"), {
        job_settings: JSON.stringify(settings),
      });
      expect(items).toContain('here');
      stage.onlyWhereBoxed('a feed, a log or a job directory was written outside');
    },
  },
  {
    row: 78,
    what: 'anything but messages on the pipe',
    doors: ['job'],
    async run(stage) {
      const { reason, items } = await stage.crawl(
        spider(`fd = ${pipe}
os.set_blocking(fd, True)
for line in [b'XXX {}', b'\\0\\0', b'\\xff\\xfe', b'ITM no', b'ITM [1]', b'ITM 5', b'ITM ' + b'[' * 100000, b'LOG {"level":9999}', b'STA ' + b'x' * 2000000, b'FIN {"outcome":"forged"}', b'FIN {"outcome":"twice"}', b'x' * 3000000]:
    os.write(fd, line + b'\\n') if len(line) < 4000 else [os.write(fd, (line + b'\\n')[i:i + 4000]) for i in range(0, len(line) + 1, 4000)]
os.write(fd, b'ITM {"half":')
os._exit(3)`),
      );
      // What it said of its end counts for nothing: it exited with 3.
      expect(reason).toBe('failed');
      expect(items.trim()).toBe('');
    },
  },
  {
    row: 79,
    what: 'ten writers, and such as open the pipe and say nothing',
    doors: ['job'],
    async run(stage) {
      const { reason, items } = await stage.crawl(
        spider(`silent = [${pipe} for _ in range(20)]
def write(n):
    fd = os.open(os.environ['SHUB_FIFO_PATH'], os.O_WRONLY)
    for i in range(100): os.write(fd, b'ITM ' + json.dumps({'writer': n, 'i': i}).encode() + b'\\n')
    os.close(fd)
all = [threading.Thread(target=write, args=(n,)) for n in range(10)]
for one in all: one.start()
for one in all: one.join()
return []`),
      );
      expect(reason).toBe('finished');
      expect(items.trim().split('\n')).toHaveLength(1000);
    },
  },
  {
    row: 80,
    what: 'logs and items without end',
    doors: ['job'],
    async run(stage) {
      const { database } = stage.service.db;
      const bound = (policy: object) =>
        database('projects')
          .where({ id: stage.mine })
          .update({ policy: JSON.stringify(policy) });
      await bound({ maxBytes: 4_000_000 });
      try {
        const flood = await stage.crawl(spider("for i in range(10_000_000): self.logger.info('x' * 1000)"));
        expect(flood.reason).toBe('cancelled (quota)');
        // Of ten billion bytes, what passes until somebody looks.
        expect(flood.log.length).toBeLessThan(1_000_000_000);
        await bound({ maxItems: 1000 });
        const items = await stage.crawl(
          spider(
            `fd = ${pipe}\nos.set_blocking(fd, True)\nfor i in range(10_000_000): os.write(fd, b'ITM {"a":1}\\n')`,
          ),
        );
        expect(items.reason).toBe('cancelled (quota)');
      } finally {
        await bound({});
      }
    },
  },
  {
    row: 81,
    what: "a job's token for anything but its own job",
    doors: ['storage'],
    async run(stage) {
      const [own, other] = [await stage.pushed('running'), await stage.pushed('running')];
      const headers = { authorization: await stage.jobAuth(own) };
      const ask = (path: string, body?: string) =>
        stage.ask({ path, key: null, headers, ...(body !== undefined && { body }) });
      expect((await ask(`/storage/items/${own}`, '{"a":1}\n')).status).toBe(200);
      for (const path of [
        `/storage/items/${other}`,
        `/storage/logs/${other}`,
        `/storage/items/${stage.theirs}/1/1`,
      ])
        expect((await ask(path, '{"a":1}\n')).status).toBeGreaterThanOrEqual(401);
      expect((await ask(`/storage/jobq/${stage.mine}/push`, '{"spider":"a"}')).status).toBeGreaterThanOrEqual(
        401,
      );
      expect((await ask(`/api/jobs/list.json?project=${stage.theirs}`)).status).toBeGreaterThanOrEqual(400);
    },
  },
  {
    row: 82,
    what: 'a job that calls itself another one',
    doors: ['job'],
    async run(stage) {
      const other = await stage.pushed('running');
      const { reason, items } = await stage.crawl(
        spider(
          `os.environ['SHUB_JOBKEY'] = '${other}'\nos.environ['SHUB_JOBAUTH'] = '00'\nreturn [{'mine': True}]`,
        ),
      );
      expect([reason, items.trim()]).toEqual(['finished', expect.stringContaining('mine')]);
      expect((await stage.ask({ path: `/storage/items/${other}` })).text).toBe('');
    },
  },
  {
    row: 83,
    what: 'secrets of a job in its log',
    doors: ['job'],
    async run(stage) {
      const fields = {
        environment: JSON.stringify({ SHOP_PASSWORD: 'hunter2-"hunter2' }),
        job_settings: JSON.stringify({ AWS_SECRET: 'wJalrXUtnFEMI' }),
      };
      const { log } = await stage.crawl(
        spider(
          `self.logger.info('%s and %s and %s', os.environ['SHOP_PASSWORD'], self.settings['AWS_SECRET'], os.environ.get('SHUB_JOBAUTH'))\nprint(os.environ['SHOP_PASSWORD'])\nreturn []`,
        ),
        fields,
      );
      expect(log).toContain('******** and ********');
      for (const secret of ['hunter2-', 'wJalrXUtnFEMI']) expect(log).not.toContain(secret);
    },
  },
  {
    row: 84,
    what: 'tickets that somebody put into Redis',
    doors: ['job'],
    async run(stage) {
      const { env, db } = stage.service;
      await db.database('projects').where({ id: stage.mine }).update({ paused: true });
      const scheduled = await stage.ask({
        path: '/api/run.json',
        form: { project: String(stage.mine), spider: 'a', forged: '1' },
      });
      const { jobid } = JSON.parse(scheduled.text) as { jobid: string };
      const [, spiderNumber, number] = jobid.split('/');
      const [row] = await db.database('jobs').where({ project_id: stage.mine, spider: spiderNumber, number });
      const sender = createTicketSender({
        redis: redisOptions({ REDIS_URL: String(env.REDIS_URL) }),
        prefix: String(env.QUEUE_PREFIX),
      });
      try {
        await sender.send([
          { id: Number(row?.id), attempt: 1, priority: 4 },
          { id: 999_999_999, attempt: 1, priority: 4 },
        ]);
        await delay(1000);
        const list = await stage.ask({ path: `/api/jobs/list.json?project=${stage.mine}&job=${jobid}` });
        expect(JSON.parse(list.text).jobs[0].state).toBe('pending');
      } finally {
        await sender.close();
        await stage.ask({ path: '/api/jobs/delete.json', form: { project: String(stage.mine), job: jobid } });
        await db.database('projects').where({ id: stage.mine }).update({ paused: false });
      }
    },
  },
  { row: 85, what: 'attacks on the box', absent: 'a suite of their own: tests/isolation' },
];
