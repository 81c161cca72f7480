import { monotonicMs } from '@spiderhub/platform';
import type { Stage } from './stage.ts';
import { crawlRequest } from './support.ts';

/** No crawl outlives its deadline, which only a living worker moves. */
export function deadlinesTests(stage: Stage): void {
  it('kills a crawl whose deadline has passed', async () => {
    const crawl = await stage.start(crawlRequest(stage.probe, { spiderName: 'numbers' }));
    const heard = stage.hear(crawl);
    await heard.until(() => heard.payloads('ITM').length > 0);
    await crawl.extend(monotonicMs());
    await heard.toEnd();
    expect(await crawl.exited).toEqual({ code: null, signal: 'SIGKILL', deadlinePassed: true });
    expect(heard.logs()).toContain('did not prolong its lease');
  });

  it('kills a crawl that nobody ever extended', async () => {
    const crawl = await stage.start(crawlRequest(stage.probe, { spiderName: 'numbers' }, { leaseMs: 500 }));
    expect(await crawl.exited).toMatchObject({ signal: 'SIGKILL', deadlinePassed: true });
  });

  it('lets a crawl live as long as it is extended', async () => {
    const crawl = await stage.start(crawlRequest(stage.probe, { spiderName: 'numbers' }, { leaseMs: 4000 }));
    const startedAt = monotonicMs();
    await crawl.extend(startedAt + 120_000);
    const heard = stage.hear(crawl);
    await heard.until(() => heard.counts().ITM > 0 && monotonicMs() > startedAt + 4500);
    await crawl.stop();
    await crawl.exited;
  });
}
