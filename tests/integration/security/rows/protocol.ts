import { connect } from 'node:net';
import { deflateSync, gzipSync } from 'node:zlib';
import { multipart, type Row, type Stage } from '../stage.ts';

const JSON_TYPE = { 'content-type': 'application/json' };
const FORM_TYPE = { 'content-type': 'application/x-www-form-urlencoded' };

/** Where a dialect takes a form or JSON. */
function target(stage: Stage, door: string): string {
  if (door === 'api') return '/api/run.json';
  return door === 'storage' ? `/storage/jobq/${stage.mine}/push` : '/scrapyd/schedule.json';
}

/** A sender that is cut off in the middle has been refused as well. */
async function refusedOrCut(stage: Stage, ask: Parameters<Stage['refused']>[0]): Promise<void> {
  await stage.refused(ask).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ECONNRESET' && error.code !== 'EPIPE') throw error;
  });
}

export const PROTOCOL: Row[] = [
  {
    row: 49,
    what: 'bodies without end, and such as unfold to one',
    doors: ['api', 'scrapyd', 'storage'],
    async run(stage, door) {
      const path = target(stage, door);
      const bomb = gzipSync(Buffer.alloc(300 * 1024 * 1024, 'a'), { level: 1 });
      await refusedOrCut(stage, { path, body: bomb, headers: { ...FORM_TYPE, 'content-encoding': 'gzip' } });
      await refusedOrCut(stage, { path, body: Buffer.alloc(80 * 1024 * 1024, 'a'), headers: FORM_TYPE });
      for (const encoding of ['br', 'deflate', 'gzip, gzip'])
        expect(
          (
            await stage.ask({
              path,
              body: deflateSync('a=1'),
              headers: { ...FORM_TYPE, 'content-encoding': encoding },
            })
          ).status,
        ).toBe(415);
    },
  },
  {
    row: 50,
    what: 'JSON that is none, or too deep',
    doors: ['api', 'storage'],
    async run(stage, door) {
      const path = target(stage, door);
      const keys = Array.from({ length: 100_000 }, (_, i) => `"k${i}":1`).join(',');
      for (const body of [
        '['.repeat(100_000),
        '{"a":1e999}',
        '\ufeff{}',
        '{"a":1}x',
        '{',
        `{${keys}}`,
        Buffer.from('{"a":1}', 'utf16le'),
        Buffer.from([0x7b, 0xff, 0x7d]),
      ]) {
        const answer = await stage.ask({ path, body, headers: JSON_TYPE });
        if (door === 'api') expect([400, 413]).toContain(answer.status);
        // A push answers each line; none of these makes a job.
        else expect(answer.text).not.toContain('"key"');
      }
    },
  },
  {
    row: 51,
    what: 'forms with endless or nested names',
    doors: ['api', 'scrapyd'],
    async run(stage, door) {
      const path = target(stage, door);
      for (const body of ['a=1&'.repeat(100_000), `a${'[b]'.repeat(1000)}=1`, 'a[100000000]=1'])
        await stage.refused({ path, body, headers: FORM_TYPE });
    },
  },
  {
    row: 52,
    what: 'multipart forms that are broken, and such as never end',
    doors: ['api', 'scrapyd'],
    async run(stage, door) {
      const path = door === 'api' ? '/api/scrapyd/addversion.json' : '/scrapyd/addversion.json';
      const egg = Buffer.concat([Buffer.from('PK\x05\x06', 'latin1'), Buffer.alloc(18)]);
      const named = [
        ['project', door === 'api' ? String(stage.mine) : 'new'],
        ['version', '2'],
      ] as const;
      await stage.refused({ path, body: 'x', headers: { 'content-type': 'multipart/form-data' } });
      await stage.refused({
        path,
        body: '--B\r\nContent-Disposition: form-data; name="egg"; filename="x"\r\n\r\nPK',
        headers: { 'content-type': 'multipart/form-data; boundary=B' },
      });
      await stage.refused({ path, ...multipart([...named, ['', egg]]) });
      await stage.refused({ path, ...multipart([...named, ['egg', egg], ['egg', egg]]) });
      await stage.refused({
        path,
        ...multipart([...named, ...Array.from({ length: 10_001 }, () => ['a', 'b'] as const)]),
      });
      await stage.refused({
        path,
        body: `--B\r\nX: ${'x'.repeat(1_000_000)}\r\n\r\n\r\n--B--`,
        headers: { 'content-type': 'multipart/form-data; boundary=B' },
      });
      await stage.refused({ path, ...multipart([...named, ['egg', egg, '../../x']]) });
      await stage.bytes(
        `POST ${path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Basic ${Buffer.from(`${stage.service.team.key}:`).toString('base64')}\r\nContent-Type: multipart/form-data; boundary=B\r\nContent-Length: 1000\r\n\r\n--B\r\nContent-Disposition: form-data; name="egg"; filename="x"\r\n\r\nPK`,
        500,
      );
      await stage.noUploadsLeft();
    },
  },
  {
    row: 53,
    what: 'many callers who say nothing, or take their time',
    doors: ['api'],
    async run(stage) {
      const { hostname, port } = new URL(stage.service.url);
      const sockets = Array.from({ length: 500 }, (_, i) => {
        const socket = connect(Number(port), hostname);
        socket.on('error', () => {});
        if (i % 2) socket.write('GET /healthz HTTP/1.1\r\nHost: local');
        return socket;
      });
      try {
        for (let i = 0; i < 20; i++) expect((await stage.ask({ path: '/healthz' })).status).toBe(200);
      } finally {
        for (const socket of sockets) socket.destroy();
      }
    },
  },
  {
    row: 54,
    what: 'requests that two readers would read in two ways',
    doors: ['api'],
    async run(stage) {
      const head = 'POST /api/run.json HTTP/1.1\r\nHost: localhost\r\n';
      const smuggled = 'GET /smuggled HTTP/1.1\r\nHost: localhost\r\n\r\n';
      for (const rest of [
        'Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
        'Transfer-Encoding: xchunked\r\n\r\n',
        'Content-Length : 4\r\n\r\nabcd',
        'A: b\nC: d\n\n',
        `X: ${'x'.repeat(100_000)}\r\n\r\n`,
      ]) {
        const back = await stage.bytes(`${head}${rest}${smuggled}`);
        expect(back).toMatch(/^HTTP\/1\.1 4(00|31|13)/);
        expect(back).not.toContain('smuggled');
      }
      expect(await stage.bytes(`GET /${'x'.repeat(100_000)} HTTP/1.1\r\nHost: localhost\r\n\r\n`)).toMatch(
        /^HTTP\/1\.1 431/,
      );
    },
  },
  {
    row: 55,
    what: 'methods that are not meant, also in disguise',
    doors: ['api', 'storage', 'scrapyd'],
    async run(stage, door) {
      const path = {
        api: '/api/jobs/delete.json',
        storage: `/storage/jobq/${stage.mine}/count`,
        scrapyd: '/scrapyd/listprojects.json',
        job: '',
      }[door];
      for (const method of ['PUT', 'TRACE', 'DELETE', 'PATCH'])
        await stage.refused({ method, path }, [404, 405]);
      expect(await stage.bytes(`FOO ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`)).toMatch(/^HTTP\/1\.1 400/);
      if (door !== 'storage') return;
      const job = await stage.pushed('finished');
      const get = await stage.ask({
        path: `/storage/jobs/${job}`,
        headers: { 'x-http-method-override': 'DELETE' },
      });
      expect(get.text).toContain('finished');
      await stage.ask({ path: `/storage/jobs/${job}?_method=DELETE` });
      expect((await stage.ask({ path: `/storage/jobs/${job}` })).text).toContain('finished');
    },
  },
  {
    row: 56,
    what: 'uploads of items that are none',
    doors: ['storage'],
    async run(stage) {
      const job = await stage.pushed('running');
      const path = `/storage/items/${job}`;
      expect((await stage.refused({ path, body: '{"a":1}\nno JSON\n' })).text).toMatch(/line|parsing/i);
      await refusedOrCut(stage, {
        path,
        body: Buffer.concat([Buffer.from('{"a":"'), Buffer.alloc(40_000_000, 'x'), Buffer.from('"}\n')]),
      });
      await stage.refused({
        path,
        body: gzipSync('{"a":1}\n'.repeat(1000)).subarray(0, 20),
        headers: { 'content-encoding': 'gzip' },
      });
      expect((await stage.ask({ path, body: '{"a":1}\n' })).status).toBe(200);
    },
  },
  {
    row: 57,
    what: 'downloads by the hundred that nobody reads',
    doors: ['api', 'storage', 'scrapyd'],
    async run(stage, door) {
      const job = await stage.pushed('running');
      const line = `${JSON.stringify({ a: 'x'.repeat(1000) })}\n`;
      for (let i = 0; i < 6; i++)
        expect(
          (await stage.ask({ path: `/storage/items/${job}?start=${i * 8000}`, body: line.repeat(8000) }))
            .status,
        ).toBe(200);
      const path = {
        api: `/api/items.json?project=${stage.mine}&job=${job}`,
        storage: `/storage/items/${job}`,
        scrapyd: `/scrapyd/items/${stage.myName}/a/${job.replaceAll('/', '-')}.jl`,
        job: '',
      }[door];
      const held = await stage.hang(path, 60);
      try {
        const refused = held.heads.filter((head) => head.startsWith('HTTP/1.1 429'));
        const served = held.heads.filter((head) => head.startsWith('HTTP/1.1 200'));
        expect(served.length).toBeGreaterThan(0);
        expect(refused.length).toBeGreaterThan(0);
        expect(refused[0]).toMatch(/retry-after: \d+/i);
        // Whoever else comes, and whatever else this caller asks for, is served.
        expect((await stage.ask({ path: `/api/jobs/list.json?project=${stage.mine}` })).status).toBe(200);
        const theirs = await stage.ask({
          path: `/api/jobs/list.jl?project=${stage.theirs}`,
          key: stage.other.key,
        });
        expect(theirs.status).toBe(200);
      } finally {
        held.close();
      }
      // The places are free again once the others hung up.
      await stage.eventually(async () => expect((await stage.ask({ path })).status).toBe(200));
    },
  },
  {
    row: 58,
    what: 'the same request twenty times at once',
    doors: ['api'],
    async run(stage) {
      const ask = () =>
        stage.ask({
          path: '/api/run.json',
          form: { project: String(stage.mine), spider: 'a', once: 'x' },
          headers: { 'idempotency-key': `k-${stage.mine}` },
        });
      const answers = await Promise.all(Array.from({ length: 20 }, ask));
      expect(new Set(answers.map(({ text }) => text)).size).toBe(1);
    },
  },
  {
    row: 59,
    what: 'followers of logs by the thousand',
    absent: 'logs are followed in /console, which has a suite of its own: tests/contract/console/streams',
  },
];
