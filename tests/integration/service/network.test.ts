import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { COMMAND, parseDestination } from '@spiderhub/core';
import { createNetworkStore } from '@spiderhub/db';
import { eventually, lackOf } from '@spiderhub/testkit';
import { type Service, startService } from '../../support/service.ts';
import { deployEgg, smallEgg } from '../../support/small-egg.ts';

/**
 * A spider tries what it reaches, in each mode. All that it tries is on this machine's loopback: other addresses are for the
 * tests with a network of their own.
 */

jest.setTimeout(300_000);

const PATIENT = { timeoutMs: 120_000 };
const lacks = { proxy: null, rules: lackOf('nft') };

/** Tries each URL, in two ways; if asked to, again and again until it reaches the last one. */
const SPIDER = `
import json, socket, time, urllib.parse, urllib.request
import scrapy

def by_http(url):
    try:
        return urllib.request.urlopen(url, timeout=3).read(20).decode('latin1')
    except Exception as error:
        return 'failed: %s' % error

def by_socket(url):
    place = urllib.parse.urlsplit(url)
    try:
        socket.create_connection((place.hostname, place.port), timeout=3).close()
        return 'connected'
    except OSError:
        return 'failed'

class Tries(scrapy.Spider):
    name = 'tries'
    start_urls = ['data:,']

    def parse(self, response):
        urls = json.loads(self.urls)
        for url in urls:
            yield {'url': url, 'http': by_http(url), 'socket': by_socket(url)}
        n = int(response.text or 0)
        if self.until and n < 100 and not by_http(urls[-1]).startswith('inner'):
            time.sleep(0.3)
            yield scrapy.Request('data:,%d' % (n + 1), self.parse)
`;

interface Tried {
  url: string;
  http: string;
  socket: string;
}

describe.each(['proxy', 'rules'] as const)('crawls with NETWORK=%s', (mode) => {
  const run = lacks[mode] ? it.skip : it;
  let service: Service;
  let inner: Server;
  let port: number;

  beforeAll(async () => {
    if (lacks[mode]) return;
    inner = createServer((_, response) => response.end('inner site'));
    await new Promise<void>((done) => inner.listen(0, '127.0.0.1', done));
    port = (inner.address() as AddressInfo).port;
    service = await startService({ env: { NETWORK: mode, NETWORK_ALLOW: '' } });
    const lines = await deployEgg(service, smallEgg(SPIDER));
    expect(JSON.parse(lines.at(-1) ?? '')).toMatchObject({ status: 'ok' });
  });
  afterAll(async () => {
    inner?.close();
    await service?.stop();
  });

  async function start(urls: string[], until = ''): Promise<string> {
    const form = {
      project: String(service.team.project),
      spider: 'tries',
      urls: JSON.stringify(urls),
      until,
    };
    const answer = await service.call('/api/schedule.json', form);
    return ((await answer.json()) as { jobid: string }).jobid;
  }

  async function tried(job: string): Promise<Tried[]> {
    return eventually(async () => {
      const list = await service.call(`/api/jobs/list.json?project=${service.team.project}&job=${job}`);
      const { jobs } = (await list.json()) as { jobs: { state: string; close_reason: string }[] };
      expect(jobs[0]).toMatchObject({ state: 'finished', close_reason: 'finished' });
      const items = await service.call(`/api/items.json?project=${service.team.project}&job=${job}`);
      return (await items.json()) as Tried[];
    }, PATIENT);
  }

  run(
    'reach the API of the installation, and nothing else of the machine by any form of its addresses',
    async () => {
      const hosts = [
        '127.0.0.1',
        '127.1',
        '0.0.0.0',
        '2130706433',
        '0x7f000001',
        'localhost',
        '[::ffff:127.0.0.1]',
      ];
      const closed = hosts.map((host) => `http://${host}:${port}/`);
      const found = await tried(await start([`${service.url}/healthz`, ...closed]));
      expect(found[0]?.http).not.toMatch(/failed/);
      for (const { url, http, socket } of found.slice(1))
        expect([url, http, socket]).toEqual([url, expect.stringMatching(/^failed/), 'failed']);
      expect(found.length).toBe(closed.length + 1);
    },
  );

  run('reach what an operator allows while they run', async () => {
    const url = `http://127.0.0.1:${port}/`;
    const job = await start([url], 'yes');
    await eventually(async () => {
      const items = await service.call(`/api/items.json?project=${service.team.project}&job=${job}`);
      expect((await items.json()) as Tried[]).toContainEqual(expect.objectContaining({ url }));
    }, PATIENT);
    const networks = createNetworkStore(service.db.database);
    const allow = [parseDestination('allow', `127.0.0.1:${port}`)];
    await networks.change(COMMAND, service.team.project, { allow, remove: [] });
    const found = await tried(job);
    expect(found[0]?.http).toMatch(/^failed/);
    expect(found.length).toBeLessThan(100);
    await networks.change(COMMAND, service.team.project, { allow: [], remove: allow });
  });

  run('leave nothing of it on the machine when the worker stops', async () => {
    const log = () => readFileSync(join(service.home, 'worker-1.log'), 'utf8');
    expect(log()).toContain(`"network":"${mode}"`);
    const added = () => (mode === 'rules' ? tablesOf(service) : cellsOf(service));
    expect(added().length).toBeGreaterThan(0);
    await service.killWorkers();
    expect(added().length).toBeGreaterThan(0);
    const next = await service.startWorker();
    const again = await tried(await start([`${service.url}/healthz`]));
    expect(again[0]?.http).not.toMatch(/failed/);
    await next.stop();
    // What held them ends a moment after the worker.
    await eventually(() => expect(added()).toEqual([]));
  });
});

/** Tables of this installation. */
function tablesOf({ home }: Service): string[] {
  const { dev, ino } = statSync(home, { bigint: true });
  const hash = createHash('sha256').update(`${dev}:${ino}`).digest('hex').slice(0, 12);
  const all = execFileSync('nft', ['list', 'tables'], { encoding: 'utf8' });
  return all.split('\n').filter((line) => line.includes(`spiderhub_${hash}_`));
}

/** Processes that hold network namespaces of this installation. */
function cellsOf({ home }: Service): string[] {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return pids.filter((pid) => {
    try {
      const isCell = readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('network_cell.py');
      return isCell && readlinkSync(`/proc/${pid}/cwd`).startsWith(home);
    } catch {
      return false;
    }
  });
}
