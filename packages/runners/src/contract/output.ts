import type { Stage } from './stage.ts';
import { crawlRequest } from './support.ts';

/** What a crawl writes beside its messages. */
export function outputTests(stage: Stage): void {
  it('puts raw output of the processes into the log, errors at level 40', async () => {
    const crawl = await stage.start(crawlRequest(stage.probe, { spiderName: 'noise' }));
    const heard = stage.hear(crawl);
    await heard.toEnd();
    expect(heard.logs()).toContain('20 plain output');
    expect(heard.logs()).toContain('20 from a child');
    expect(heard.logs()).toContain('40 Traceback:\n  in a library\n');
    expect(heard.logs()).toContain('40 Native trouble \ufffd');
  });

  it('lets a spider use its standard output as a file', async () => {
    const heard = stage.hear(await stage.start(crawlRequest(stage.probe, { spiderName: 'output' })));
    await heard.toEnd();
    for (const said of ['[stdout] wrapped é', '[stdout] in é halves', '20 from a child'])
      expect(heard.logs()).toContain(said);
    expect(heard.payloads('ITM')).toMatchObject([{ tty: false, numbers: [1, 2] }]);
  });

  it('survives garbage in the pipe and says once that it dropped lines', async () => {
    const crawl = await stage.start(crawlRequest(stage.probe, { spiderName: 'garbage' }));
    const heard = stage.hear(crawl);
    await heard.toEnd();
    const items = heard.payloads('ITM');
    expect(items.map(({ n, bare }) => n ?? bare)).toEqual([1, true, 2]);
    expect(heard.logs()).toContain('Dropped a line of 11 bytes');
    expect(heard.logs()).toContain('Dropped 7 lines');
    expect(heard.logs()).toContain(`40 A message of ${17 * 2 ** 20} bytes was dropped`);
    expect(heard.payloads('FIN')).toEqual([{ outcome: 'finished' }]);
  });
}
