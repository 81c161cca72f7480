import { setTimeout as delay } from 'node:timers/promises';
import { createJobStore, createSegmentIndex } from '@spiderhub/db';
import { openStorage } from '@spiderhub/storage';
import { eventually, freePort } from '@spiderhub/testkit';
import { type Service, startService } from '../support/service.ts';
import { type Listening, listen } from '../support/sse.ts';
import { scheduleRequest } from '../support/team.ts';
import { createRandom, type Random } from './harness/random.ts';

/** Only when it is asked for: `npm run test:readers -- 30` cuts readers for so many minutes. */
const MINUTES = Number(process.env.READERS) || 30;
const asked = process.env.READERS === undefined ? it.skip : it;
/** How long a reader reads before it is cut, ms at most. */
const READS_MS = 3000;
const API_LIVES_MS = 20_000;

jest.setTimeout(MINUTES * 60_000 + 180_000);

/** Somebody who reads and is cut, again and again. */
interface Reader {
  name: string;
  /** Numbers, in the order in which they came. */
  seen: number[];
  cuts: number;
  read(signal: AbortSignal): Promise<void>;
}

interface Page {
  events: { data: number }[];
  cursor: string;
}

let service: Service;
const random = createRandom(11);

beforeAll(async () => {
  if (process.env.READERS === undefined) return;
  service = await startService({ workers: 0, spiders: ['a'], env: { PORT: String(await freePort()) } });
});
afterAll(() => service?.stop());

const authorization = () => `Basic ${Buffer.from(`${service.team.key}:`).toString('base64')}`;

/** Follows a stream of Server-Sent Events, hangs up at random, and comes back with what it saw last. */
function follower(name: string, path: string, numberOf: (data: never) => number | null): Reader {
  const seen: number[] = [];
  let last: string | null = null;
  return {
    name,
    seen,
    cuts: 0,
    async read() {
      const headers: Record<string, string> = { authorization: authorization() };
      if (last !== null) headers['last-event-id'] = last;
      const listening: Listening = await listen(`${service.url}${path}`, headers);
      if (listening.status !== 200) throw new Error(`${name}: answered ${listening.status}`);
      await Promise.race([listening.ended, delay(random.between(0, READS_MS))]);
      listening.close();
      for (const { event, data, id } of listening.events) {
        const number = event === 'message' ? numberOf(data as never) : null;
        if (number !== null) seen.push(number);
        last = id ?? last;
      }
    },
  };
}

/** Asks for pages of the feed, and is killed at random: what it has not got whole it asks for again. */
function poller(from: string): Reader {
  const seen: number[] = [];
  let cursor = from;
  return {
    name: 'the feed',
    seen,
    cuts: 0,
    async read(signal) {
      const killed = AbortSignal.any([signal, AbortSignal.timeout(random.between(1, READS_MS))]);
      const url = `${service.url}/console/events?wait=2&limit=50&type=project.reported`;
      for (;;) {
        const answer = await fetch(`${url}&after=${cursor}`, {
          headers: { authorization: authorization() },
          signal: killed,
        }).catch((error: unknown) => {
          if (!killed.aborted) throw error;
          return null;
        });
        if (answer === null) return;
        if (answer.status !== 200) throw new Error(`the feed: answered ${answer.status}`);
        const page = (await answer.json().catch(() => null)) as Page | null;
        if (page === null) return;
        seen.push(...page.events.map(({ data }) => data));
        cursor = page.cursor;
      }
    },
  };
}

async function cursorNow(): Promise<string> {
  const answer = await fetch(`${service.url}/console/events?after=now`, {
    headers: { authorization: authorization() },
  });
  return ((await answer.json()) as { cursor: string }).cursor;
}

/** Until the signal, over and over. What a server answers that is being killed is no answer. */
async function readOn(reader: Reader, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    await reader.read(signal).then(
      () => {
        reader.cuts += 1;
      },
      () => delay(50),
    );
  }
}

/** Writes events in transactions that take their time and overtake each other; some are given up. Returns those that were kept. */
async function tellEvents(random: Random, until: number): Promise<number[]> {
  const kept: number[] = [];
  let next = 0;
  const writer = async () => {
    while (performance.now() < until) {
      const number = next++;
      await service.db.database
        .transaction(async (tx) => {
          await tx('events').insert({
            project_id: service.team.project,
            type: 'project.reported',
            data: number,
          });
          await tx.raw('select pg_sleep(?)', [random.between(0, 200) / 1000]);
          if (random.between(1, 10) === 1) throw new Error('given up');
          return number;
        })
        .then(
          () => kept.push(number),
          () => {},
        );
      await delay(random.between(0, 100));
    }
  };
  await Promise.all([writer(), writer(), writer()]);
  return kept;
}

asked(
  'readers that are cut at random, of an API that is killed again and again, see each record and each event once',
  async () => {
    const { database } = service.db;
    const { project } = service.team;
    const request = scheduleRequest(project, 'a', { state: 'running', external: true });
    const [made] = await createJobStore(database).schedule([request]);
    if (made?.outcome !== 'scheduled') throw new Error('there is no job to watch');
    const key = { project, spider: made.spider, job: made.job };
    const storage = openStorage(
      { CACHE_BYTES: 2 ** 30, GARBAGE_HOURS: 1, ...service.env, SPIDERHUB_HOME: service.home },
      { index: createSegmentIndex(database) },
    );
    const log = await storage.streams.openWriter({ key, attempt: 0, stream: 'logs' });
    const name = `${key.project}/${key.spider}/${key.job}`;
    const readers = [
      follower('one log', `/console/jobs/${name}/log/stream`, ({ n }: { n: number }) => n),
      follower('the same log', `/console/jobs/${name}/log/stream`, ({ n }: { n: number }) => n),
      follower(
        'the stream of the project',
        `/console/projects/${project}/stream?after=${await cursorNow()}`,
        (event: { type: string; data: number }) => (event.type === 'project.reported' ? event.data : null),
      ),
      poller(await cursorNow()),
    ];
    const stop = new AbortController();
    const reading = Promise.all(readers.map((reader) => readOn(reader, stop.signal)));
    const until = performance.now() + MINUTES * 60_000;
    const telling = tellEvents(random, until);
    let lines = 0;
    let kills = 0;
    for (let killAt = performance.now() + API_LIVES_MS; performance.now() < until; ) {
      const few = random.between(1, 20);
      log.append(
        Array.from({ length: few }, (_, n) => Buffer.from(`{"level":20,"message":"line ${lines + n}"}`)),
      );
      await log.flush();
      lines += few;
      await delay(random.between(20, 300));
      if (performance.now() < killAt) continue;
      await service.api.kill();
      await service.startApiAgain();
      kills += 1;
      killAt = performance.now() + API_LIVES_MS;
    }
    const told = await telling;
    try {
      const wanted = (reader: Reader) => (reader.name.endsWith('log') ? lines : told.length);
      await eventually(
        async () => expect(readers.map(({ seen }) => seen.length)).toEqual(readers.map(wanted)),
        { timeoutMs: 60_000, everyMs: 200 },
      );
    } finally {
      stop.abort();
      await reading;
      const cuts = readers.map((one) => one.cuts);
      process.stderr.write(`${JSON.stringify({ lines, events: told.length, kills, cuts })}\n`);
      await log.seal();
    }
    const inOrder = Array.from({ length: lines }, (_, n) => n);
    for (const reader of readers) {
      if (reader.name.endsWith('log')) expect(reader.seen).toEqual(inOrder);
      // Events come in the order of their commits, which is not that in which they were begun.
      else expect([...reader.seen].sort((a, b) => a - b)).toEqual([...told].sort((a, b) => a - b));
    }
  },
);
