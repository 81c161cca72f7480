import type { Stage } from './stage.ts';
import { crawlRequest, pidsOf, runningOf } from './support.ts';

/** A crawl ends when it is asked to, politely or not, with all that it has started. */
export function stopsTests(stage: Stage): void {
  it('stops a crawl politely: it closes as shutdown', async () => {
    const crawl = await stage.start(crawlRequest(stage.probe, { spiderName: 'numbers' }));
    const heard = stage.hear(crawl);
    await heard.until(() => heard.payloads('ITM').length > 0);
    await crawl.stop();
    await heard.toEnd();
    expect(heard.payloads('FIN')).toEqual([{ outcome: 'shutdown' }]);
    expect(await crawl.exited).toMatchObject({ code: 0, signal: null });
  });

  it('stops a crawl that writes without a break', async () => {
    const crawl = await stage.start(
      crawlRequest(stage.probe, { spiderName: 'numbers', args: { pause: '0', batch: '50' } }),
    );
    const heard = stage.hear(crawl);
    await heard.until(() => heard.counts().ITM > 2000);
    await crawl.stop();
    await heard.toEnd();
    expect(heard.payloads('FIN')).toEqual([{ outcome: 'shutdown' }]);
  });

  it.each([
    ['exit status 7', ''],
    ['signal SIGSEGV', 'yes'],
  ])('says last how a crawl ended itself: %s', async (how, signal) => {
    const crawl = await stage.start(crawlRequest(stage.probe, { spiderName: 'abrupt', args: { signal } }));
    const heard = stage.hear(crawl);
    await heard.toEnd();
    expect(heard.payloads('LOG').at(-1)).toMatchObject({
      level: 40,
      message: `The crawl's process ended with ${how}.`,
    });
  });

  it('kills a crawl that does not hear a polite stop', async () => {
    const crawl = await stage.start(crawlRequest(stage.probe, { spiderName: 'stubborn' }));
    const heard = stage.hear(crawl);
    await heard.until(() => heard.payloads('ITM').length > 0);
    await crawl.stop();
    const before = heard.counts().ITM;
    await heard.until(() => heard.counts().ITM > before + 20);
    await crawl.kill();
    await heard.toEnd();
    expect(await crawl.exited).toEqual({ code: null, signal: 'SIGKILL', deadlinePassed: false });
    expect(heard.payloads('FIN')).toEqual([]);
    expect(heard.logs()).not.toContain('process ended with');
  });

  it.each([
    ['is killed', ''],
    ['ends by itself', 'yes'],
  ])('leaves nobody alive when a crawl %s, runaway grandchildren included', async (_, leave) => {
    const crawl = await stage.start(crawlRequest(stage.probe, { spiderName: 'family', args: { leave } }));
    const heard = stage.hear(crawl);
    await heard.until(() => heard.payloads('ITM').length > 0);
    const pids = pidsOf(heard);
    if (!leave) await crawl.kill();
    await crawl.exited;
    expect(pids).toHaveLength(4);
    expect(runningOf(heard)).toEqual([]);
  });
}
