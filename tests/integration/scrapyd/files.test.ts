import { request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createAttemptStore, createDispatchStore } from '@spiderhub/db';
import { eventually } from '@spiderhub/testkit';
import { PASSWORD, type ScrapydUnderTest, startScrapydDialect } from './support.ts';

let scrapyd: ScrapydUnderTest;
beforeAll(async () => {
  scrapyd = await startScrapydDialect();
});
afterAll(() => scrapyd.close());

const LOG = '/logs/acme-project/a/j.log';
const ITEMS = '/items/acme-project/a/j.jl';

function line(message: string, level = 20): Buffer {
  return Buffer.from(JSON.stringify({ time: new Date(2026, 10, 21, 7, 44, 29).getTime(), level, message }));
}

it('are readable while the job runs, and grow', async () => {
  await scrapyd.post('schedule', 'project=acme-project&spider=a&jobid=j');
  expect((await scrapyd.get(LOG)).status).toBe(404);
  const db = scrapyd.database.database;
  const [ticket] = await createDispatchStore(db, { leaseMs: 1000 }).admit(0, 1);
  if (!ticket) throw new Error('nothing to start');
  const { id, attempt } = ticket;
  const job = await createAttemptStore(db).claim(id, attempt, 'w', 60_000);
  if (!job) throw new Error('not claimed');
  expect((await scrapyd.get(LOG)).text).toBe('');

  const logs = await scrapyd.streams.openWriter({ key: job.key, attempt, stream: 'logs' });
  logs.append([line('[scrapy.core.engine] Spider opened'), line('[a] über', 30)]);
  await logs.flush();
  const first =
    '2026-11-21 07:44:29 [scrapy.core.engine] INFO: Spider opened\n2026-11-21 07:44:29 [a] WARNING: über\n';
  const answer = await scrapyd.get(LOG);
  expect(answer.text).toBe(first);
  expect(answer.headers).toMatchObject({
    'content-type': 'text/plain; charset=utf-8',
    'accept-ranges': 'bytes',
  });
  logs.append([line('[a] more')]);
  await logs.seal();
  expect((await scrapyd.get(LOG)).text).toBe(`${first}2026-11-21 07:44:29 [a] INFO: more\n`);

  await scrapyd.streams.write({ key: job.key, attempt, stream: 'items' }, [
    Buffer.from('{"n":1}'),
    Buffer.from('{"n":NaN,"s":"\\ud800"}'),
  ]);
  const counts = { items: 2, pages: 0, logs: 3, errors: 0 };
  await createAttemptStore(db).finish(id, attempt, { closeReason: 'finished', counts, scrapyStats: null });
  expect((await scrapyd.get(ITEMS)).text).toBe('{"n":1}\n{"n":NaN,"s":"\\ud800"}\n');
});

it('are cut by bytes, also inside of a character', async () => {
  const whole = Buffer.from((await scrapyd.get(LOG)).text);
  const split = whole.indexOf(Buffer.from('ü')) + 1;
  const ranges: [number, number][] = [
    [0, 9],
    [split, split],
    [0, whole.length + 5],
    [whole.length - 1, whole.length - 1],
  ];
  for (const [from, to] of ranges) {
    const { body, status, headers } = await scrapyd
      .get(LOG)
      .set('Range', `bytes=${from}-${to}`)
      .buffer(true)
      .parse((res, done) => {
        const chunks: Buffer[] = [];
        res.on('data', (chunk: Buffer) => chunks.push(chunk));
        res.on('end', () => done(null, Buffer.concat(chunks)));
      });
    const last = Math.min(to, whole.length - 1);
    expect(status).toBe(206);
    expect(headers['content-range']).toBe(`bytes ${from}-${last}/${whole.length}`);
    expect(body).toEqual(whole.subarray(from, last + 1));
  }
  const beyond = await scrapyd.get(LOG).set('Range', `bytes=${whole.length}-`);
  expect([beyond.status, beyond.headers['content-range']]).toEqual([416, `bytes */${whole.length}`]);
});

it('may be left in the middle: that is no error of ours', async () => {
  await scrapyd.post('schedule', 'project=acme-project&spider=a&jobid=large');
  const db = scrapyd.database.database;
  const [ticket] = await createDispatchStore(db, { leaseMs: 1000 }).admit(0, 1);
  const job = ticket && (await createAttemptStore(db).claim(ticket.id, ticket.attempt, 'w', 60_000));
  if (!job) throw new Error('not claimed');
  const ref = { key: job.key, attempt: ticket.attempt, stream: 'items' as const };
  // More than all buffers on the way hold.
  const item = Buffer.from(JSON.stringify({ text: 'x'.repeat(500_000) }));
  for (let i = 0; i < 60; i++) await scrapyd.streams.write(ref, [item]);

  const { port } = scrapyd.server.address() as AddressInfo;
  const path = '/items/acme-project/a/large.jl';
  const asked = request({ host: '127.0.0.1', port, path, auth: `ann:${PASSWORD}` });
  asked.on('error', () => {});
  asked.on('response', (answer) => answer.once('data', () => asked.destroy()));
  asked.end();
  await eventually(() =>
    expect(scrapyd.logs.filter((text) => text.includes('"aborted"') && text.includes(path))).toHaveLength(1),
  );
  // Whatever the broken answer leaves to do has been done when another one is complete.
  await scrapyd.get('/daemonstatus.json');
  expect(scrapyd.logs.filter((text) => JSON.parse(text).level >= 50)).toEqual([]);
});

it('are listed in folders', async () => {
  const links = async (path: string) =>
    [...(await scrapyd.get(path)).text.matchAll(/href="(.+?)">/g)].map((match) => match[1]);
  expect(await links('/logs/')).toEqual(['acme-project/']);
  expect(await links('/logs/acme-project/')).toEqual(['a/']);
  expect(await links('/logs/acme-project/a/')).toEqual(['j.log', 'large.log']);
  expect(await links('/items/acme-project/a/')).toEqual(['j.jl', 'large.jl']);
  expect((await scrapyd.get('/logs/acme-project')).headers.location).toBe('/logs/acme-project/');
});

it.each([
  '/logs/globex-project/',
  '/logs/acme-project/b/',
  '/logs/acme-project/a/j.jl',
  '/logs/acme-project/a/j.log/',
  '/logs/acme-project/a/nope.log',
  '/items/acme-project/a/j.log',
  '/logs/acme-project/a/%2e%2e/j.log',
  '/logs/%2e%2e/%2e%2e/etc/passwd',
  '/logs/acme-project/a/j%00.log',
  '/logs//a/j.log',
  '/logs/acme-project//j.log',
])('are not under %s', async (path) => {
  expect((await scrapyd.get(path)).status).toBe(404);
});
