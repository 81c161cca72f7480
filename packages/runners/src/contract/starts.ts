import type { Stage } from './stage.ts';
import { crawlRequest } from './support.ts';

/** What stands between a request and a process becomes the log and the exit of the crawl. */
export function startsTests(stage: Stage): void {
  it('tells in the log why a crawl could not be started', async () => {
    const crawl = await stage.start(crawlRequest(null, { version: null }));
    const heard = stage.hear(crawl);
    await heard.toEnd();
    expect(heard.logs()).toMatch(/^40 .*Nothing is deployed/);
    expect(await crawl.exited).toEqual({ code: 1, signal: null, deadlinePassed: false });
  });

  it('runs a crawl with the packages of its requirements.txt beside the base ones', async () => {
    const version = { ...stage.probe, requirements: await stage.house.requirements() };
    const crawl = await stage.start(crawlRequest(version, { spiderName: 'packages' }));
    const heard = stage.hear(crawl);
    await heard.toEnd();
    expect(heard.payloads('ITM')).toMatchObject([{ tinydep: '1.0' }]);
  });

  it('tells in the log when the requirements cannot be installed', async () => {
    const crawl = await stage.start(
      crawlRequest({ ...stage.probe, requirements: 'no-such-package-at-all\n' }, {}),
    );
    const heard = stage.hear(crawl);
    await heard.toEnd();
    expect(heard.logs()).toMatch(/^40 The crawl could not be started: requirements: /);
    expect(await crawl.exited).toMatchObject({ code: 1 });
  });

  it('gives up a crawl that is stopped while it is prepared', async () => {
    const version = { ...stage.probe, requirements: `${await stage.house.requirements()}six\n` };
    const crawl = await stage.start(crawlRequest(version, {}));
    await crawl.stop();
    expect(await crawl.exited).toEqual({ code: null, signal: 'SIGTERM', deadlinePassed: false });
  });

  it('reports a spider that cannot be made as exit code 1', async () => {
    const crawl = await stage.start(crawlRequest(stage.probe, { spiderName: 'missing' }));
    const heard = stage.hear(crawl);
    await heard.toEnd();
    expect(heard.logs()).toContain('Spider not found: missing');
    expect(await crawl.exited).toMatchObject({ code: 1 });
  });
}
