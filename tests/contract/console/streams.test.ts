import { type JobKey, parseJobKey, type StreamWriter, service } from '@spiderhub/core';
import { eventually, scheduleRequest } from '@spiderhub/testkit';
import { type ApiUnderTest, startApi } from '../../integration/api/support.ts';
import { type Listening, listen } from '../../support/sse.ts';
import { withKey } from './client.ts';

let api: ApiUnderTest;
let base: string;
const open: Listening[] = [];
const writers: StreamWriter[] = [];

beforeAll(async () => {
  api = await startApi();
  base = `${addressOf(api)}/console`;
});
beforeEach(() => api.renew());
afterEach(async () => {
  for (const stream of open.splice(0)) stream.close();
  for (const writer of writers.splice(0)) await writer.seal();
});
afterAll(() => api.close());

function addressOf(one: ApiUnderTest): string {
  const address = one.server.address();
  if (address === null || typeof address === 'string') throw new Error('the API does not listen');
  return `http://127.0.0.1:${address.port}`;
}

async function stream(path: string, headers: Record<string, string> = {}, at = base): Promise<Listening> {
  const listening = await listen(`${at}${path}`, { ...withKey(api.team.key), ...headers });
  open.push(listening);
  return listening;
}

/** A job that runs outside, so that its state is what the test says. */
async function running(): Promise<{ key: JobKey; path: string; name: string }> {
  const request = scheduleRequest(api.team.project, 'a', { state: 'running', external: true });
  const key = await api.jobs.schedule(request);
  const name = `${key.project}/${key.spider}/${key.job}`;
  return { key, name, path: `/jobs/${name}` };
}

async function finish(key: JobKey, reason = 'finished'): Promise<void> {
  const { project, spider, job } = key;
  await api.jobs.move({
    project,
    spider,
    job,
    state: 'finished',
    change: { closeReason: reason, meta: new Map(), forget: [] },
    by: service('test'),
  });
}

async function writer(key: JobKey, name: 'logs' | 'items' | 'requests' = 'logs'): Promise<StreamWriter> {
  const { attempt } = (await api.jobs.find(key)) as { attempt: number };
  const made = await api.streams.openWriter({ key, attempt, stream: name });
  writers.push(made);
  return made;
}

const line = (message: string, level = 20) =>
  Buffer.from(JSON.stringify({ time: 1_700_000_000_000, level, message }));
const messages = ({ events }: Listening) =>
  events.filter(({ event }) => event === 'message').map(({ data }) => data.message);

async function write(to: StreamWriter, ...lines: Buffer[]): Promise<void> {
  to.append(lines);
  await to.flush();
}

describe('the stream of a log', () => {
  it('gives what is there and what comes, then how the job ended; who comes back then is told that there is no more', async () => {
    const { key, path } = await running();
    const log = await writer(key);
    await write(log, line('one'), line('two'));
    const viewer = await stream(`${path}/log/stream`);
    await eventually(() => expect(messages(viewer)).toEqual(['one', 'two']));
    await write(log, line('three'));
    await eventually(() => expect(messages(viewer)).toEqual(['one', 'two', 'three']));
    expect(viewer.events[2]).toMatchObject({
      id: expect.stringMatching(/^\d+-2$/),
      data: { n: 2, time: 1_700_000_000_000, level: 20, message: 'three' },
    });
    await write(log, line('last'));
    await finish(key);
    await viewer.ended;
    expect(messages(viewer)).toEqual(['one', 'two', 'three', 'last']);
    expect(viewer.events.at(-1)).toMatchObject({ event: 'end', data: { state: 'finished' } });
    const again = await stream(`${path}/log/stream`, { 'last-event-id': viewer.events.at(-1)?.id as string });
    await again.ended;
    expect([again.status, again.text()]).toEqual([204, '']);
  });

  it('goes on exactly behind the record that was seen last, whenever it was cut', async () => {
    const { key, path } = await running();
    const log = await writer(key);
    const total = 600;
    const seen: string[] = [];
    let written = 0;
    const writing = (async () => {
      while (written < total) {
        const lines = Array.from({ length: 5 }, () => line(`line ${written++}`));
        await write(log, ...lines);
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
      await finish(key);
    })();
    let last: string | null = null;
    for (;;) {
      const viewer: Listening = await stream(`${path}/log/stream`, last ? { 'last-event-id': last } : {});
      const patience = Math.random() * 150;
      await Promise.race([viewer.ended, new Promise((resolve) => setTimeout(resolve, patience))]);
      viewer.close();
      seen.push(...messages(viewer));
      last = viewer.events.at(-1)?.id ?? last;
      if (viewer.events.at(-1)?.event === 'end') break;
    }
    await writing;
    expect(seen).toEqual(Array.from({ length: total }, (_, n) => `line ${n}`));
  });

  it('begins where it is asked to, shows a level and above, and cuts what is very long', async () => {
    const { key, path } = await running();
    const log = await writer(key);
    await write(log, line('debug', 10), line('info'), line('error', 40), line('x'.repeat(100_000), 50));
    const after = await stream(`${path}/log/stream?after=1`);
    const errors = await stream(`${path}/log/stream?level=ERROR`);
    await eventually(() => expect(messages(after)).toHaveLength(2));
    await eventually(() => expect(messages(errors)).toHaveLength(2));
    expect(messages(errors)[0]).toBe('error');
    expect(errors.events[1]?.data).toMatchObject({ truncated: true, level: 50 });
    expect(errors.events[1]?.data.message.length).toBeLessThan(70_000);
    // It begins where the stream is when it comes to look at it.
    const fresh = await stream(`${path}/log/stream?after=now`);
    let written = 0;
    await eventually(async () => {
      await write(log, line(`new ${written++}`, 40));
      expect(messages(fresh)).not.toEqual([]);
    });
    const last = `new ${written - 1}`;
    await eventually(() => expect(messages(fresh).at(-1)).toBe(last));
    const all = Array.from({ length: written }, (_, n) => `new ${n}`);
    expect(messages(fresh)).toEqual(all.slice(-messages(fresh).length));
    await eventually(() => expect(messages(errors).slice(2)).toEqual(all));
  });

  it('announces another attempt and begins with its first record', async () => {
    const { key, path } = await running();
    await write(await writer(key), line('of the first'));
    const viewer = await stream(`${path}/log/stream`);
    await eventually(() => expect(messages(viewer)).toEqual(['of the first']));
    await api.database
      .database('jobs')
      .where({ project_id: key.project, spider: key.spider, number: key.job })
      .increment('attempt', 1);
    await write(await writer(key), line('of the second'));
    await eventually(() => expect(messages(viewer)).toEqual(['of the first', 'of the second']));
    const { attempt } = (await api.jobs.find(key)) as { attempt: number };
    expect(viewer.events[1]).toMatchObject({ event: 'attempt', data: { attempt } });
    expect(viewer.events[2]?.id).toBe(`${attempt}-0`);
  });

  it('ends for a job that is deleted, and answers 404 for one that there is not', async () => {
    const { key, path } = await running();
    const viewer = await stream(`${path}/log/stream`);
    await api.jobs.remove({ project: key.project, keys: [key], strict: true }, service('test'));
    await viewer.ended;
    expect(viewer.events.at(-1)).toMatchObject({ event: 'end', data: { state: 'deleted' } });
    const again = await stream(`${path}/log/stream`, { 'last-event-id': viewer.events.at(-1)?.id as string });
    await again.ended;
    expect([again.status, again.text()]).toEqual([204, '']);
    expect((await stream(`/jobs/${api.team.project}/1/999999/log/stream`)).status).toBe(404);
  });
});

it('streams of items and requests give each record as it lies', async () => {
  const { key, path } = await running();
  const [items, requests] = [await writer(key, 'items'), await writer(key, 'requests')];
  const viewers = [await stream(`${path}/items/stream`), await stream(`${path}/requests/stream`)];
  await write(items, Buffer.from('{"big": 9007199254740993,\r "text":"a\\nb"}'), Buffer.from('{"n":2}'));
  await write(requests, Buffer.from('{"url":"http://x/","status":200}'));
  await eventually(() => expect(viewers[0]?.events).toHaveLength(2));
  await eventually(() => expect(viewers[1]?.events).toHaveLength(1));
  expect(viewers[0]?.text()).toContain('data: {"big": 9007199254740993,  "text":"a\\nb"}\n\n');
  expect(viewers[1]?.events[0]?.data).toEqual({ url: 'http://x/', status: 200 });
});

describe('streams together', () => {
  it('are read once for all viewers of a process', async () => {
    const { key, path } = await running();
    const log = await writer(key);
    await write(log, line('one'));
    const viewers = await Promise.all(Array.from({ length: 15 }, () => stream(`${path}/log/stream`)));
    for (const viewer of viewers) await eventually(() => expect(messages(viewer)).toEqual(['one']));
    const reads = jest.spyOn(api.streams, 'read');
    await write(log, line('two'));
    for (const viewer of viewers) await eventually(() => expect(messages(viewer)).toEqual(['one', 'two']));
    expect(reads).toHaveBeenCalledTimes(1);
    reads.mockRestore();
  });

  it('are limited for each key and for the process, and say when to come again', async () => {
    const small = await startApi({ ground: { liveLimits: { each: 2, all: 3 } } });
    try {
      const at = `${addressOf(small)}/console`;
      const path = `/projects/${small.team.project}/stream`;
      const mine = withKey(small.team.key);
      const [first, second] = [await stream(path, mine, at), await stream(path, mine, at)];
      const third = await stream(path, mine, at);
      expect([first.status, second.status, third.status]).toEqual([200, 200, 429]);
      expect(third.headers['retry-after']).toMatch(/^\d+$/);
      const theirs = `/projects/${small.other.project}/stream`;
      const others = withKey(small.other.key);
      expect((await stream(theirs, others, at)).status).toBe(200);
      expect((await stream(theirs, others, at)).status).toBe(503);
      first.close();
      await eventually(async () => expect((await stream(path, mine, at)).status).toBe(200));
      // A process that stops ends them first, and says so.
      small.parts.live.close();
      await second.ended;
      expect(second.events.at(-1)).toMatchObject({ event: 'bye', data: { reason: 'shutdown' } });
      expect((await stream(path, mine, at)).status).toBe(503);
    } finally {
      for (const one of open.splice(0)) one.close();
      await small.close();
    }
  });

  it('leave some places to others, however many an organisation opens', async () => {
    const small = await startApi({ ground: { liveLimits: { each: 20, all: 5 } } });
    try {
      const at = `${addressOf(small)}/console`;
      const path = `/projects/${small.team.project}/stream`;
      const mine = withKey(small.team.key);
      for (let i = 0; i < 4; i++) expect((await stream(path, mine, at)).status).toBe(200);
      const fifth = await stream(path, mine, at);
      expect([fifth.status, fifth.headers['retry-after']]).toEqual([429, expect.stringMatching(/^\d+$/)]);
      // The feed, which names no project, costs its caller's organisation the same.
      expect((await stream('/events?wait=1&after=now', mine, at)).status).toBe(429);
      const theirs = `/projects/${small.other.project}/stream`;
      expect((await stream(theirs, withKey(small.other.key), at)).status).toBe(200);
    } finally {
      for (const one of open.splice(0)) one.close();
      await small.close();
    }
  });

  it('leave nothing behind when their viewers have gone', async () => {
    const { key, path } = await running();
    await write(await writer(key), line('one'));
    const viewer = await stream(`${path}/log/stream`);
    await eventually(() => expect(messages(viewer)).toEqual(['one']));
    viewer.close();
    const marks = jest.spyOn(api.streams, 'mark');
    await eventually(async () => {
      marks.mockClear();
      await new Promise((resolve) => setTimeout(resolve, 600));
      expect(marks).not.toHaveBeenCalled();
    });
    marks.mockRestore();
  });
});

describe('the stream of a page', () => {
  it('tells of jobs, counts, progress and ends of streams, and of nothing that was not asked for', async () => {
    const { key, name } = await running();
    const other = await running();
    const page = await stream(`/stream?projects=${api.team.project}&jobs=${name}`);
    const of = (event: string) => page.events.filter((one) => one.event === event).map(({ data }) => data);
    await eventually(() =>
      expect(of('counts')).toMatchObject([{ project: api.team.project, running: 2, pending: 0 }]),
    );
    await eventually(() => expect(of('progress')).toMatchObject([{ key: name, state: 'running', items: 0 }]));
    const log = await writer(key);
    await write(log, line('one'), line('two'));
    await write(await writer(other.key), line('not asked for'));
    await eventually(() =>
      expect(of('tail')).toContainEqual(expect.objectContaining({ key: name, stream: 'logs', end: 2 })),
    );
    await api.jobs.schedule(scheduleRequest(api.team.project, 'b'));
    await finish(key);
    await eventually(() =>
      expect(of('job').map(({ type }) => type)).toEqual(['job.scheduled', 'job.finished']),
    );
    await eventually(() => expect(of('counts').at(-1)).toMatchObject({ running: 1, pending: 1 }));
    await eventually(() => expect(of('progress').at(-1)).toMatchObject({ key: name, state: 'finished' }));
    expect(of('job')[1]).toMatchObject({ key: name, state: 'finished' });
    expect(new Set(of('tail').map((data) => data.key))).toEqual(new Set([name]));
    expect(page.events.map(({ event }) => event)).not.toContain('reset');
  });

  it('tells of tags that a consumer sets on a job that is over', async () => {
    const { key, name } = await running();
    await finish(key);
    const page = await stream(`/stream?projects=${api.team.project}`);
    await eventually(() => expect(page.events.map(({ event }) => event)).toContain('counts'));
    const change = { add: ['consumed'], remove: [] };
    await api.jobs.changeTags({ project: api.team.project, keys: [key] }, change, service('test'));
    const of = (event: string) => page.events.filter((one) => one.event === event).map(({ data }) => data);
    await eventually(() =>
      expect(of('job')).toMatchObject([{ key: name, type: 'job.tagged', state: null, tags: ['consumed'] }]),
    );
    await eventually(() => expect(of('row')).toMatchObject([{ key: name, tags: ['consumed'] }]));
  });

  it('goes on where it was, and says `reset` for a place that is not known', async () => {
    const path = `/stream?projects=${api.team.project}`;
    const { body } = await api.get('/console/events?after=now');
    const first = await api.jobs.schedule(scheduleRequest(api.team.project, 'a'));
    const again = await stream(path, { 'last-event-id': body.cursor });
    await eventually(() => {
      const jobs = again.events
        .filter(({ event }) => event === 'job')
        .map(({ data }) => parseJobKey(data.key));
      expect(jobs).toEqual([first]);
    });
    const lost = await stream(path, { 'last-event-id': 'nonsense' });
    await eventually(() => expect(lost.events.map(({ event }) => event)).toContain('reset'));
    expect(lost.events.map(({ event }) => event)).not.toContain('job');
  });

  it('refuses too much, and jobs that are none', async () => {
    for (const query of ['projects=x', 'projects=', `projects=${api.team.project}&jobs=1/2`])
      expect((await stream(`/stream?${query}`)).status).toBe(400);
    const foreign = `/stream?projects=${api.team.project}&jobs=${api.other.project}/1/1`;
    expect((await stream(foreign)).status).toBe(404);
  });
});
