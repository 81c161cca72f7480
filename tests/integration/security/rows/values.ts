import { multipart, type Row, type Stage } from '../stage.ts';

const run = (stage: Stage, more: Record<string, string> = {}) => ({
  path: '/api/run.json',
  form: { project: String(stage.mine), spider: 'a', n: String(Math.random()), ...more },
});
const HTML = '<img src=x onerror=alert(1)>"></script><script>{{1}}\u2028';

/** A finished job with these items and lines of log, written through the storage API. */
async function jobWith(stage: Stage, items: string, log = ''): Promise<string> {
  const job = await stage.pushed('running');
  if (items) expect((await stage.ask({ path: `/storage/items/${job}`, body: items })).status).toBe(200);
  if (log) expect((await stage.ask({ path: `/storage/logs/${job}`, body: log })).status).toBe(200);
  await stage.ask({
    path: `/storage/jobq/${stage.mine}/update`,
    body: JSON.stringify({ key: job, state: 'finished' }),
  });
  return job;
}

const read = (stage: Stage, path: string, job: string, more = '') =>
  stage.ask({ path: `/api/${path}?project=${stage.mine}&job=${job}${more}` });

export const BROWSERS: Row[] = [
  {
    row: 25,
    what: 'forms that a page of another site sends',
    doors: ['api', 'scrapyd', 'storage'],
    async run(stage, door) {
      const path = {
        api: '/api/run.json',
        scrapyd: '/scrapyd/schedule.json',
        storage: `/storage/jobq/${stage.mine}/push`,
        job: '',
      }[door];
      for (const headers of [
        { 'sec-fetch-site': 'cross-site' },
        { origin: 'http://evil.test' },
        { origin: 'null' },
      ])
        expect(
          (
            await stage.ask({
              path,
              body: `project=${stage.mine}&spider=a`,
              headers: { 'content-type': 'text/plain', ...headers },
            })
          ).status,
        ).toBe(403);
    },
  },
  {
    row: 26,
    what: 'a script of another site with the credentials of the browser',
    doors: ['api', 'storage', 'scrapyd'],
    async run(stage, door) {
      const path = {
        api: '/api/run.json',
        scrapyd: '/scrapyd/schedule.json',
        storage: `/storage/jobq/${stage.mine}/push`,
        job: '',
      }[door];
      const { headers } = await stage.ask({
        method: 'OPTIONS',
        path,
        key: null,
        headers: {
          origin: 'http://evil.test',
          'access-control-request-method': 'POST',
          'access-control-request-headers': 'content-type',
        },
      });
      // A star never goes with credentials, and no method that changes something is named beside one.
      expect(headers['access-control-allow-credentials']).toBeUndefined();
      expect(headers['access-control-allow-origin'] ?? '*').toBe('*');
      const post = await stage.ask({
        path,
        body: '{}',
        headers: { origin: 'http://evil.test', 'content-type': 'application/json' },
      });
      expect([post.status, post.headers['access-control-allow-credentials']]).toEqual([403, undefined]);
    },
  },
  {
    row: 27,
    what: 'a name that was made to mean this machine',
    doors: ['api', 'storage', 'scrapyd'],
    async run(stage, door) {
      for (const host of ['evil.test', '127.0.0.1.evil.test'])
        expect((await stage.ask({ path: `/${door}/`, headers: { host } })).status).toBe(421);
    },
  },
  {
    row: 28,
    what: 'forms without a token',
    absent:
      'the page sends everything by scripts; sessions of /console have a suite: tests/contract/console/sign-in',
  },
  {
    row: 29,
    what: 'markup in names, tags and arguments',
    doors: ['scrapyd', 'api'],
    async run(stage, door) {
      const tagged = await stage.ask(run(stage, { add_tag: HTML.slice(0, 28), html: HTML }));
      expect(tagged.status).toBe(200);
      await stage.ask({
        path: `/storage/jobq/${stage.mine}/push`,
        body: JSON.stringify({ spider: HTML, state: 'finished' }),
      });
      if (door === 'api') {
        const { headers } = await stage.ask({ path: `/api/jobs/list.json?project=${stage.mine}` });
        expect([headers['content-type'], headers['x-content-type-options']]).toEqual([
          'application/json',
          'nosniff',
        ]);
        return;
      }
      await stage.ask({
        path: '/scrapyd/schedule.json',
        form: { project: stage.myName, spider: 'a', jobid: '<img src=x onerror=alert(1)>' },
      });
      for (const path of ['/scrapyd/', '/scrapyd/jobs', '/scrapyd/logs/', `/scrapyd/logs/${stage.myName}/`]) {
        const { text } = await stage.ask({ path });
        expect(text).not.toContain('<img');
        expect(text).not.toContain('<script');
      }
    },
  },
  { row: 30, what: 'links to addresses that spiders wrote', absent: 'no page makes a link of an item' },
  {
    row: 31,
    what: 'lines of log with control characters',
    doors: ['storage'],
    async run(stage) {
      const message = `\u001b]8;;x\u0007\r\u202e\ud800\0 end${'x'.repeat(100_000)}`;
      const job = await jobWith(stage, '', `${JSON.stringify({ message, level: 20, time: 1 })}\n`);
      for (const path of ['log.txt', 'log.json'])
        expect((await read(stage, path, job)).text).toContain(' end');
      const scrapyd = await stage.ask({
        path: `/scrapyd/logs/${stage.myName}/a/${job.replaceAll('/', '-')}.log`,
      });
      expect(scrapyd.status).toBe(200);
    },
  },
  {
    row: 32,
    what: 'an item that is a page',
    doors: ['api', 'storage', 'scrapyd'],
    async run(stage, door) {
      const job = await jobWith(
        stage,
        `{"a":"<script>alert(1)</script>"}\n`,
        '{"message":"<script>","level":20,"time":1}\n',
      );
      const alias = job.replaceAll('/', '-');
      const paths = {
        api: ['items.json', 'items.jl', 'log.txt'].map(
          (path) => `/api/${path}?project=${stage.mine}&job=${job}`,
        ),
        storage: [`/storage/items/${job}`, `/storage/logs/${job}`],
        scrapyd: [`/scrapyd/items/${stage.myName}/a/${alias}.jl`],
        job: [],
      }[door];
      for (const path of paths) {
        const { status, headers } = await stage.ask({ path });
        expect([path, status, headers['x-content-type-options']]).toEqual([path, 200, 'nosniff']);
        expect(headers['content-type']).not.toContain('html');
        expect(String(headers['content-security-policy'])).toContain('sandbox');
      }
    },
  },
  {
    row: 33,
    what: 'what a page may load',
    doors: ['scrapyd', 'api'],
    async run(stage, door) {
      const { headers } = await stage.ask({ path: door === 'scrapyd' ? '/scrapyd/' : '/demo/' });
      const policy = String(headers['content-security-policy']);
      for (const rule of [
        "default-src 'none'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
        "form-action 'self'",
      ])
        expect(policy).toContain(rule);
      expect(policy).not.toMatch(/script-src|unsafe-eval/);
    },
  },
  {
    row: 34,
    what: 'a page in a frame of another one',
    doors: ['api', 'storage', 'scrapyd'],
    async run(stage, door) {
      const paths = {
        api: ['/api/jobs/list.json', '/demo/', '/', '/healthz'],
        storage: ['/storage/system/ts'],
        scrapyd: ['/scrapyd/', '/scrapyd/jobs', '/scrapyd/logs/', '/scrapyd/none'],
        job: [],
      }[door];
      for (const path of paths)
        expect([path, (await stage.ask({ path })).headers['x-frame-options']]).toEqual([path, 'DENY']);
    },
  },
  { row: 35, what: 'redirects to other sites', absent: 'no parameter leads to a redirect' },
];

export const EXPORTS: Row[] = [
  {
    row: 36,
    what: 'formulas in CSV',
    doors: ['api'],
    async run(stage) {
      const values = ["=cmd|'/C calc'!A0", '+1', '-1', '@SUM', '\t=', 'a"b,c\nd'];
      const job = await jobWith(stage, values.map((a) => `${JSON.stringify({ a, n: -1 })}\n`).join(''));
      const plain = await read(stage, 'items.csv', job, '&fields=a,n');
      expect(plain.text).toContain('"a""b,c\nd",-1');
      const safe = await read(stage, 'items.csv', job, '&fields=a,n&safe=1');
      for (const value of ['=cmd', '+1', '@SUM']) expect(safe.text).toContain(`'${value}`);
      expect(safe.text).not.toContain("'-1\r\n'");
    },
  },
  {
    row: 37,
    what: 'names of spiders in the name of a file',
    doors: ['api'],
    async run(stage) {
      const spider = 'a"\r\nSet-Cookie: x=1';
      const pushed = await stage.ask({
        path: `/storage/jobq/${stage.mine}/push`,
        body: JSON.stringify({ spider, state: 'finished' }),
      });
      const { key } = JSON.parse(pushed.text) as { key?: string };
      if (key === undefined) return;
      const { headers, status } = await read(stage, 'items.json', key);
      expect([status, headers['set-cookie']]).toEqual([200, undefined]);
      expect(headers['content-disposition']).toMatch(/^attachment; filename="[\w.-]+"$/);
    },
  },
  {
    row: 38,
    what: 'ids of requests that would break a line of log',
    doors: ['api', 'storage', 'scrapyd'],
    async run(stage, door) {
      for (const id of ['a b', 'x'.repeat(10_000), '"}{"'])
        expect(
          (await stage.ask({ path: `/${door}/x`, headers: { 'x-request-id': id } })).headers['x-request-id'],
        ).toMatch(/^[0-9a-f-]{36}$/);
    },
  },
  {
    row: 39,
    what: 'line ends and keys in addresses',
    doors: ['api', 'storage', 'scrapyd'],
    async run(stage, door) {
      await stage.ask({
        path: `/${door}/%0aFAKE?apikey=${stage.service.team.key}`,
        key: null,
        headers: { 'user-agent': 'a\tb' },
      });
      const log = await stage.log('api');
      expect(log).not.toContain(stage.service.team.key);
      for (const line of log.trim().split('\n')) expect(() => JSON.parse(line)).not.toThrow();
    },
  },
  {
    row: 40,
    what: 'numbers, prototypes and depths that JSON allows',
    doors: ['storage'],
    async run(stage) {
      const item = '{"big":9007199254740993,"__proto__":{"x":1},"a":1,"half":"\\ud800"}';
      const job = await jobWith(stage, `${item}\n`);
      const back = await read(stage, 'items.jl', job);
      expect(back.text).toContain('9007199254740993');
      expect(back.text).toContain('"__proto__":{"x":1}');
      expect(Object(1).x).toBeUndefined();
      const running = await stage.pushed('running');
      const deep = `{"a":${'['.repeat(100_000)}${']'.repeat(100_000)}}\n`;
      const answer = await stage.ask({ path: `/storage/items/${running}`, body: deep });
      expect([200, 400]).toContain(answer.status);
    },
  },
  {
    row: 41,
    what: 'formats, counts and starts that are none',
    doors: ['api', 'storage'],
    async run(stage, door) {
      const job = await jobWith(stage, '{"a":1}\n');
      const bad = ['count=-1', 'count=NaN', 'count=x', `start=${stage.theirs}/1/1/0`, 'startafter=zzz'];
      for (const query of bad) {
        const path =
          door === 'api'
            ? `/api/items.json?project=${stage.mine}&job=${job}&${query}`
            : `/storage/items/${job}?${query}`;
        const answer = await stage.ask({ path });
        // What nobody knows by that name is no parameter.
        expect([query, [200, 400].includes(answer.status)]).toEqual([query, true]);
        if (query === 'count=NaN') expect([query, answer.status]).toEqual([query, 400]);
      }
      if (door === 'storage') await stage.refused({ path: `/storage/items/${job}?format=../../x` });
      else await stage.refused({ path: `/api/items.exe?project=${stage.mine}&job=${job}` });
    },
  },
];

export const NUMBERS: Row[] = [
  {
    row: 42,
    what: 'SQL where a value is expected',
    doors: ['api', 'storage', 'scrapyd'],
    async run(stage, door) {
      for (const value of ["' OR 1=1--", '1;drop table jobs', '\\', '%', '_', '$1']) {
        const v = encodeURIComponent(value);
        const path = {
          api: `/api/jobs/list.json?project=${stage.mine}&spider=${v}&has_tag=${v}`,
          storage: `/storage/jobq/${stage.mine}/count?spider=${v}&has_tag=${v}`,
          scrapyd: `/scrapyd/listspiders.json?project=${v}`,
          job: '',
        }[door];
        const { status, text } = await stage.ask({ path });
        expect([path, status < 500]).toEqual([path, true]);
        expect(text).not.toContain('"id"');
      }
    },
  },
  {
    row: 43,
    what: 'orders that are SQL',
    doors: ['api', 'storage'],
    async run(stage, door) {
      const began = performance.now();
      for (const order of ['id;select pg_sleep(30)', 'password']) {
        const q = `order=${encodeURIComponent(order)}&orderby=${encodeURIComponent(order)}`;
        const path =
          door === 'api'
            ? `/api/jobs/list.json?project=${stage.mine}&${q}`
            : `/storage/jobq/${stage.mine}/list?${q}`;
        expect([200, 400]).toContain((await stage.ask({ path })).status);
      }
      expect(performance.now() - began).toBeLessThan(20_000);
    },
  },
  {
    row: 44,
    what: 'patterns that never end',
    doors: ['storage', 'api'],
    async run(stage, door) {
      const job = await jobWith(stage, `${JSON.stringify({ t: `${'a'.repeat(5000)}b` })}\n`);
      for (const pattern of ['(a+)+$', '(a|a)*$', `${'x'.repeat(10_000)}`, '(?{})']) {
        const filter = encodeURIComponent(JSON.stringify(['t', 'matches', [pattern]]));
        const path =
          door === 'api'
            ? `/api/items.json?project=${stage.mine}&job=${job}&filter=${filter}`
            : `/storage/items/${job}?filter=${filter}`;
        const asked = stage.ask({ path });
        // Others are served meanwhile.
        expect((await stage.ask({ path: '/healthz' })).status).toBe(200);
        expect((await asked).status).toBeLessThan(500);
      }
    },
  },
  {
    row: 45,
    what: 'keys of jobs that are none',
    doors: ['api', 'storage', 'scrapyd'],
    async run(stage, door) {
      for (const key of [
        '0/0/0',
        '-1/1/1',
        `${stage.mine}/1/99999999999999999999`,
        '1e3/1/1',
        '0x1/1/1',
        '１/1/1',
        "1/1/1'",
      ]) {
        if (door === 'api')
          await stage.refused({
            path: `/api/items.json?project=${stage.mine}&job=${encodeURIComponent(key)}`,
          });
        else if (door === 'storage')
          await stage.refused({ path: `/storage/jobs/${encodeURI(key)}` }, [400, 403, 404]);
        else
          expect(
            (await stage.ask({ path: '/scrapyd/cancel.json', form: { project: stage.myName, job: key } }))
              .text,
          ).toMatch(/"prevstate": null|error/);
      }
    },
  },
  {
    row: 46,
    what: 'priorities, units, tags and arguments beyond any measure',
    doors: ['api', 'storage', 'scrapyd'],
    async run(stage, door) {
      const huge = 'x'.repeat(3_000_000);
      if (door === 'api') {
        for (const more of [
          { priority: '99' },
          { priority: '-1' },
          { priority: '1.5' },
          { priority: 'true' },
          { units: '0' },
          { units: '1000000000' },
          { add_tag: 'x'.repeat(10_000) },
        ])
          expect((await stage.refused(run(stage, more))).text).toContain(Object.keys(more)[0]);
        await stage.refused(run(stage, { arg: huge }));
        const tags = Array.from({ length: 10_000 }, (_, i) => ['add_tag', `t${i}`] as const);
        await stage.refused({
          path: '/api/run.json',
          form: [['project', String(stage.mine)], ['spider', 'a'], ...tags],
        });
      } else if (door === 'storage') {
        for (const field of ['"priority":99', '"units":1000000000'])
          expect(
            (await stage.ask({ path: `/storage/jobq/${stage.mine}/push`, body: `{"spider":"a",${field}}` }))
              .text,
          ).not.toContain('"key"');
      } else {
        for (const more of [{ priority: 'x' }, { arg: 'x'.repeat(17_000_000) }])
          await stage.refused({
            path: '/scrapyd/schedule.json',
            form: { project: stage.myName, spider: 'a', ...more },
          });
      }
    },
  },
  {
    row: 47,
    what: 'names that only look the same',
    doors: ['scrapyd'],
    async run(stage) {
      for (const name of [
        stage.myName.toUpperCase(),
        `${stage.myName} `,
        ` ${stage.myName}`,
        `${stage.myName}.`,
      ])
        expect(
          (await stage.ask({ path: `/scrapyd/listspiders.json?project=${encodeURIComponent(name)}` })).text,
        ).toContain('error');
      const [nfc, nfd] = ['\u00e9', 'e\u0301'];
      await stage.ask({
        path: '/scrapyd/addversion.json',
        ...multipart([
          ['project', nfc],
          ['version', '1'],
          ['egg', Buffer.from('PK\x05\x06')],
        ]),
      });
      expect(
        (await stage.ask({ path: `/scrapyd/listspiders.json?project=${encodeURIComponent(nfd)}` })).text,
      ).toContain('error');
    },
  },
  {
    row: 48,
    what: 'times of periodic jobs',
    doors: ['api'],
    async run(stage) {
      const path = `/api/projects/${stage.mine}/periodicjobs`;
      const plan = { cron: '0 0 * * *', tasks: [{ name: 'a' }] };
      const headers = { 'content-type': 'application/json' };
      for (const wrong of [
        ...[
          '* * * * * *',
          '99 99 * * *',
          '*/0 * * * *',
          '@reboot',
          '0 0 31 2 *',
          `${'1,'.repeat(5000)}1 * * * *`,
        ].map((cron) => ({ cron })),
        ...['../../etc/passwd', 'Foo/Bar', '', '+02:00'].map((timezone) => ({ timezone })),
        { jitter_seconds: -1 },
        { tasks: Array.from({ length: 1000 }, () => ({ name: 'a' })) },
      ]) {
        const { status } = await stage.ask({ path, headers, body: JSON.stringify({ ...plan, ...wrong }) });
        expect([wrong, status]).toEqual([wrong, 400]);
      }
    },
  },
];
