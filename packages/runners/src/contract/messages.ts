import { openShop } from './shop.ts';
import type { Stage } from './stage.ts';
import { crawlRequest, DEMO_PROJECT } from './support.ts';

/** Messages of a crawl: all of them, in order, whatever else it writes. */
export function messagesTests(stage: Stage): void {
  it('hands over every message of a crawl in the order in which it happened', async () => {
    const shop = await openShop();
    try {
      const demo = await stage.house.deploy(DEMO_PROJECT, 'demo.settings');
      const request = crawlRequest(
        demo,
        { spiderName: 'books', args: { max_pages: '2' }, settings: { DEMO_CURRENCY: '"EUR"' } },
        { projectSettings: { DEMO_SITE_URL: JSON.stringify(shop.url), DEMO_CURRENCY: '"USD"' } },
      );
      const crawl = await stage.start(request);
      const heard = stage.hear(crawl);
      await heard.toEnd();

      expect(await crawl.exited).toEqual({ code: 0, signal: null, deadlinePassed: false });
      expect(heard.payloads('FIN')).toEqual([{ outcome: 'finished' }]);
      expect(heard.payloads('ITM').map((item) => item.title)).toHaveLength(4);
      expect(heard.payloads('ITM')[0]).toMatchObject({ currency: 'EUR', _type: 'BookItem' });
      expect(heard.payloads('REQ').map((request) => request.url)).toHaveLength(6);
      expect(heard.payloads('STA').at(-1)).toMatchObject({ stats: { item_scraped_count: 4 } });
      const kinds = heard.all.map(({ command }) => command);
      expect(kinds[0]).toBe('LOG');
      expect(kinds.indexOf('REQ')).toBeLessThan(kinds.indexOf('ITM'));
      expect(kinds.lastIndexOf('ITM')).toBeLessThan(kinds.indexOf('FIN'));
      expect(heard.logs()).toContain('Spider closed (finished)');
    } finally {
      await shop.close();
    }
  });

  it('makes a crawl wait while nobody stores its messages, and loses none', async () => {
    const limited = stage.house.worker({ maxSpoolBytes: 1024 * 1024 });
    const request = crawlRequest(stage.probe, {
      spiderName: 'numbers',
      args: { count: '4000', batch: '100', pause: '0', pad: '1000' },
    });
    const crawl = await limited.start(request);
    stage.keep(crawl);
    const heard = stage.hear(crawl);
    await heard.until(() => stage.house.spooledBytes(request.job) > 1024 * 1024);
    let most = 0;
    while (heard.counts().FIN === 0) {
      // First, as the crawl may be waiting for it by now.
      await crawl.checkpoint(heard.counts());
      const before = heard.counts().ITM;
      await heard.until(() => heard.counts().ITM > before || heard.counts().FIN > 0);
      most = Math.max(most, stage.house.spooledBytes(request.job));
    }
    await heard.toEnd();
    expect(heard.payloads('ITM').map(({ n }) => n)).toEqual(Array.from({ length: 4000 }, (_, n) => n));
    expect(most).toBeLessThan(3 * 1024 * 1024);
  });
}
