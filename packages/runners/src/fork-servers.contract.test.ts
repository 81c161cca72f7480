import { readdirSync } from 'node:fs';
import { symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Version } from '@spiderhub/core';
import { type House, makeHouse } from './contract/house.ts';
import { crawlRequest, LAUNCHER_DIR, listen, PROBE_PROJECT, requirePython } from './contract/support.ts';
import { createForkServers } from './fork-servers.ts';

describe('fork servers of environments', () => {
  let house: House;
  let probe: Version;
  beforeAll(async () => {
    house = await makeHouse('fork unboxed');
    probe = await house.deploy(PROBE_PROJECT, 'probe.settings');
  });
  afterAll(() => house.close());

  async function isForked(version: Version): Promise<boolean> {
    const request = crawlRequest(version, { spiderName: 'numbers', args: { count: '1' } });
    const crawl = await house.worker().start(request);
    const heard = listen(crawl);
    await heard.toEnd();
    expect(await crawl.exited).toMatchObject({ code: 0 });
    await crawl.cleanUp();
    return house.forked.has(join(house.workDir, `${request.job.id}-${request.job.attempt}`));
  }

  it('starts one with the first crawl of an environment, which later crawls fork from', async () => {
    const version = { ...probe, requirements: await house.requirements() };
    expect(await isForked(version)).toBe(false);
    // The server may need longer than the next crawl.
    while (!(await isForked(version))) await delay(100);
    expect(house.forkServers?.warm()).toHaveLength(1);
  });

  it('ends those that nobody uses, and the longest unused when there are too many', async () => {
    const python = requirePython();
    const directory = join(house.workDir, 'idle');
    const servers = createForkServers({ python, launcherDir: LAUNCHER_DIR, directory, most: 1, idleMs: 500 });
    const others = [join(house.workDir, 'one'), join(house.workDir, 'two')];
    for (const other of others) {
      await symlink(python, other);
      expect(await servers.start('/nowhere', other)).toBeNull();
    }
    expect(servers.warm()).toEqual([others[1]]);
    while (servers.warm().length > 0) await delay(20);
    await servers.close();
  });
});

describe('an environment of a project whose crawls have boxes', () => {
  it('has the server of its stack: code of its packages runs in boxes alone', async () => {
    const house = await makeHouse('fork boxed');
    const probe = await house.deploy(PROBE_PROJECT, 'probe.settings');
    const version = { ...probe, requirements: await house.requirements() };
    const crawl = await house.worker().start(crawlRequest(version, { spiderName: 'packages' }));
    const heard = listen(crawl);
    await heard.toEnd();
    expect(heard.payloads('ITM')).toMatchObject([{ tinydep: '1.0' }]);
    await crawl.exited;
    await crawl.cleanUp();
    expect([house.forked.size, house.forkServers?.warm()]).toEqual([1, []]);
    expect(readdirSync(house.wheels).filter((name) => name.startsWith('ran-'))).toEqual([]);
    await house.close();
  });
});
