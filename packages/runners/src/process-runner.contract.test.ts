import { execFileSync } from 'node:child_process';
import { readFileSync, statSync } from 'node:fs';
import { eventually } from '@spiderhub/testkit';
import { type House, KINDS, makeHouse } from './contract/house.ts';
import { describeRunner } from './contract/runner-contract.ts';
import { crawlRequest, listen, PROBE_PROJECT, requirePython, runningOf } from './contract/support.ts';

describe.each(KINDS)('%s start:', (kind) => {
  describeRunner(() => makeHouse(kind));
});

describe.each(KINDS)('process runner, %s start', (kind) => {
  let house: House;
  beforeAll(async () => {
    house = await makeHouse(kind);
  });
  afterAll(() => house.close());

  it('ends a crawl whose shim was killed, with all that it had started', async () => {
    const probe = await house.deploy(PROBE_PROJECT, 'probe.settings');
    const request = crawlRequest(probe, { spiderName: 'family' });
    const crawl = await house.worker().start(request);
    const heard = listen(crawl);
    await heard.until(() => heard.payloads('ITM').length > 0);
    const shim = JSON.parse(readFileSync(house.jobPath(request.job, 'shim.json'), 'utf8'));
    process.kill(shim.pid, 'SIGKILL');
    await heard.toEnd();
    expect(await crawl.exited).toEqual({
      code: null,
      signal: 'SIGKILL',
      deadlinePassed: false,
      shimDied: true,
    });
    // The kernel ends what is in a box with its first process, one after the other.
    await eventually(() => expect(runningOf(heard)).toEqual([]));
    await crawl.cleanUp();
  });

  it('does not take an ended shim for a living one', async () => {
    const probe = await house.deploy(PROBE_PROJECT, 'probe.settings');
    const request = crawlRequest(probe, { spiderName: 'family' });
    const crawl = await house.worker().start(request);
    const heard = listen(crawl);
    await heard.until(() => heard.payloads('ITM').length > 0);
    const shim = JSON.parse(readFileSync(house.jobPath(request.job, 'shim.json'), 'utf8'));
    process.kill(shim.pid, 'SIGKILL');
    await crawl.exited;
    await heard.close();
    const [orphan] = await house.worker().orphans();
    const adopted = await orphan?.adopt();
    expect(await adopted?.exited).toMatchObject({ signal: 'SIGKILL' });
    await adopted?.cleanUp();
  });

  it('keeps the directory of a job, which holds its token, to itself', async () => {
    const probe = await house.deploy(PROBE_PROJECT, 'probe.settings');
    const request = crawlRequest(probe, { spiderName: 'numbers', args: { count: '1' } });
    const crawl = await house.worker().start(request);
    expect(statSync(house.jobPath(request.job, '.')).mode & 0o777).toBe(0o700);
    await crawl.exited;
    expect(readFileSync(house.jobPath(request.job, 'shim.log'), 'utf8')).toBe('');
    await crawl.cleanUp();
  });

  it('writes items of every shape as sh_scrapy would, byte for byte', async () => {
    const env = { PYTHONPATH: PROBE_PROJECT, SHUB_FIFO_PATH: '/dev/null', SHUB_JOBKEY: '1/1/1' };
    const stock = execFileSync(requirePython(), ['-m', 'probe.shapes'], { env }).toString();
    const probe = await house.deploy(PROBE_PROJECT, 'probe.settings');
    const crawl = await house.worker().start(crawlRequest(probe, { spiderName: 'shapes' }));
    const heard = listen(crawl);
    await heard.toEnd();
    const items = heard.all.filter(({ command }) => command === 'ITM').map(({ payload }) => String(payload));
    expect(heard.logs()).toContain('exported by QuickItemExporter');
    expect(items).toEqual(stock.trim().split('\n'));
    await crawl.cleanUp();
  });
});
