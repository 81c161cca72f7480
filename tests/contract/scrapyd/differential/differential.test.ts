import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { eventually, freePort } from '@spiderhub/testkit';
import { makeScrapydUser } from '../../../support/scrapyd.ts';
import { type Service, startService } from '../../../support/service.ts';
import { DIFFERENCES, type Difference } from './differences.ts';
import { type Answer, type Ask, ask, masked, type Peer } from './exchange.ts';
import { clientsPython, LOGIN, type RealScrapyd, startScrapyd } from './peers.ts';
import { type Eggs, requestsWithCrawls, requestsWithoutCrawls } from './requests.ts';

/** The same requests to a Scrapyd from PyPI and to Spiderhub: every answer is the same, or listed with a reason. */

const AT_LEAST = 150;

let eggFolder: string;
let eggs: Eggs;
let scrapyd: RealScrapyd;
let service: Service;
let ours: Peer;
const used = new Set<string>();

beforeAll(async () => {
  eggFolder = await mkdtemp(join(tmpdir(), 'eggs-'));
  await promisify(execFile)(clientsPython(), [join(__dirname, '../fixtures/make_eggs.py'), eggFolder]);
  const egg = (name: string) => readFile(join(eggFolder, `${name}.egg`));
  eggs = {
    shop: await egg('shop'),
    small: await egg('shop-small'),
    brokenImport: await egg('broken-import'),
    noEntryPoint: await egg('no-entry-point'),
    noEggInfo: await egg('no-egg-info'),
  };
});
afterAll(() => rm(eggFolder, { recursive: true, force: true }));

async function start(pollSeconds: number, workers: number): Promise<void> {
  const port = await freePort();
  [scrapyd, service] = await Promise.all([
    startScrapyd(pollSeconds),
    startService({ workers, env: { SCRAPYD_PORT: String(port) } }),
  ]);
  await makeScrapydUser(service);
  ours = { host: '127.0.0.1', port, login: LOGIN };
}

async function stop(): Promise<void> {
  await Promise.all([scrapyd.stop(), service.stop()]);
}

/** What differs and is not listed; null when nothing does. */
async function compared(one: Ask): Promise<object | null> {
  const [theirs, answer] = await Promise.all([ask(scrapyd, one), ask(ours, one)]);
  const expected = shown(theirs);
  let found = shown(answer);
  if (same(expected, found)) return null;
  for (const difference of DIFFERENCES.filter((each) => each.requests.includes(one.name))) {
    const adjusted = difference.adjust(found, expected);
    if (!same(adjusted, found)) used.add(`${difference.id}: ${one.name}`);
    found = adjusted;
  }
  return same(expected, found) ? null : { request: one.name, scrapyd: expected, spiderhub: found };
}

function shown({ status, headers, body }: Answer): Answer {
  return { status, headers, body: masked(body) };
}

function same(a: Answer, b: Answer): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

async function comparedAll(requests: readonly Ask[]): Promise<object[]> {
  const found: object[] = [];
  for (const one of requests) {
    const difference = await compared(one);
    if (difference) found.push(difference);
  }
  return found;
}

async function both(one: Omit<Ask, 'name'>): Promise<void> {
  await Promise.all([scrapyd, ours].map((peer) => ask(peer, { name: '', ...one })));
}

const FORM = { 'Content-Type': 'application/x-www-form-urlencoded' };

function scheduleBoth(form: string): Promise<void> {
  return both({ method: 'POST', path: '/schedule.json', headers: FORM, body: form });
}

async function untilBoth(job: string, state: string): Promise<void> {
  for (const peer of [scrapyd, ours]) {
    await eventually(async () => {
      const { body } = await ask(peer, { name: '', method: 'GET', path: `/status.json?job=${job}` });
      expect(body).toContain(`"currstate": "${state}"`);
    });
  }
}

describe('answers', () => {
  it('are the same without crawls', async () => {
    await start(3600, 0);
    try {
      expect(await comparedAll(requestsWithoutCrawls(eggs))).toEqual([]);
    } finally {
      await stop();
    }
  });

  it('are the same with crawls that run and have run', async () => {
    await start(0.2, 1);
    try {
      const [deployment] = requestsWithoutCrawls(eggs).filter(({ name }) => name === 'deploy p 1.0');
      await both(deployment as Ask);
      await scheduleBoth('project=p&spider=quick&jobid=done&arg=1');
      await untilBoth('done', 'finished');
      await scheduleBoth('project=p&spider=quick&jobid=empty&items=0');
      await untilBoth('empty', 'finished');
      await scheduleBoth('project=p&spider=waiting&jobid=stuck');
      await untilBoth('stuck', 'running');
      // Until its items are there, the two may differ in whether there is a file.
      await eventually(async () => {
        for (const peer of [scrapyd, ours]) {
          const { body } = await ask(peer, { name: '', method: 'GET', path: '/logs/p/waiting/stuck.log' });
          expect(body).toContain('waiting now');
        }
      });
      expect(await comparedAll(requestsWithCrawls())).toEqual([]);
    } finally {
      await stop();
    }
  });
});

describe('the list of intended differences', () => {
  const all = () => [...requestsWithoutCrawls(eggs), ...requestsWithCrawls()];

  it(`covers at least ${AT_LEAST} requests with names of their own`, () => {
    const names = all().map(({ name }) => name);
    expect(names.length).toBeGreaterThanOrEqual(AT_LEAST);
    expect(names.filter((name, i) => names.indexOf(name) !== i)).toEqual([]);
  });

  it('names only requests that there are, and only differences that were met', () => {
    const listed = DIFFERENCES.flatMap((difference: Difference) =>
      difference.requests.map((name) => `${difference.id}: ${name}`),
    );
    expect(listed.filter((entry) => !used.has(entry))).toEqual([]);
  });

  it('is in the documentation, each with its reason', async () => {
    const page = await readFile(join(__dirname, '../../../../docs/dialects/scrapyd.md'), 'utf8');
    for (const { id, reason } of DIFFERENCES) {
      expect(page).toContain(`\`${id}\``);
      expect(page).toContain(reason);
    }
  });
});
