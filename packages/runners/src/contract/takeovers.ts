import type { Stage } from './stage.ts';
import { crawlRequest, runningOf } from './support.ts';

/** Another worker of the same machine goes on where the last one stopped. */
export function takeoversTests(stage: Stage): void {
  it('gives another worker every message after the last checkpoint, none twice', async () => {
    const request = crawlRequest(stage.probe, { spiderName: 'numbers', args: { count: '1500', batch: '5' } });
    const crawl = await stage.start(request);
    const first = stage.hear(crawl);
    await first.until(() => first.counts().ITM > 300);
    await crawl.checkpoint(first.counts());
    const stored = [...first.all];
    // Read, but not stored when the worker dies.
    await first.until(() => first.counts().ITM > 600);
    await first.close();

    const [orphan] = (await stage.house.worker().orphans()).filter(({ id }) => id === request.job.id);
    const adopted = await orphan?.adopt();
    if (!adopted) throw new Error('the crawl was not found');
    const second = stage.hear(adopted);
    await second.toEnd();

    const storedItems = stored.filter(({ command }) => command === 'ITM');
    expect(adopted.resumedAt.ITM).toBe(storedItems.length);
    expect(adopted.resumedAt).toMatchObject({ FIN: 0 });
    const all = [
      ...storedItems.map(({ payload }) => JSON.parse(payload.toString())),
      ...second.payloads('ITM'),
    ];
    expect(all.map(({ n }) => n)).toEqual(Array.from({ length: 1500 }, (_, n) => n));
    expect(second.payloads('FIN')).toEqual([{ outcome: 'finished' }]);
    expect(await adopted.exited).toEqual({ code: 0, signal: null, deadlinePassed: false });
  });

  it('lets another worker collect a crawl that has ended meanwhile', async () => {
    const request = crawlRequest(stage.probe, { spiderName: 'numbers', args: { count: '3' } });
    await (await stage.start(request)).exited;
    const [orphan] = (await stage.house.worker().orphans()).filter(({ id }) => id === request.job.id);
    const adopted = await orphan?.adopt();
    if (!adopted) throw new Error('the crawl was not found');
    const heard = stage.hear(adopted);
    await heard.toEnd();
    expect(heard.payloads('ITM').map(({ n }) => n)).toEqual([0, 1, 2]);
    expect(await adopted.exited).toMatchObject({ code: 0 });
    await adopted.cleanUp();
    expect((await stage.house.worker().orphans()).map(({ id }) => id)).not.toContain(request.job.id);
  });

  it.each(['stopped', 'killed'])('knows why another worker %s it', async (how) => {
    const request = crawlRequest(stage.probe, { spiderName: 'stubborn' });
    const crawl = await stage.start(request);
    const heard = stage.hear(crawl);
    await heard.until(() => heard.payloads('ITM').length > 0);
    if (how === 'stopped') await crawl.stop('shutdown');
    await crawl.kill(how === 'killed' ? 'lost' : undefined);
    await crawl.exited;
    const [orphan] = (await stage.house.worker().orphans()).filter(({ id }) => id === request.job.id);
    const adopted = await orphan?.adopt();
    expect(adopted?.stoppedFor).toBe(how === 'stopped' ? 'shutdown' : 'lost');
    await adopted?.cleanUp();
  });

  it('discards what another worker left running', async () => {
    const request = crawlRequest(stage.probe, { spiderName: 'family' });
    const heard = stage.hear(await stage.start(request));
    await heard.until(() => heard.payloads('ITM').length > 0);
    const [orphan] = (await stage.house.worker().orphans()).filter(({ id }) => id === request.job.id);
    await orphan?.discard();
    expect(runningOf(heard)).toEqual([]);
    expect((await stage.house.worker().orphans()).map(({ id }) => id)).not.toContain(request.job.id);
  });

  it('does not start the same attempt twice', async () => {
    const request = crawlRequest(stage.probe, { spiderName: 'numbers' });
    await stage.start(request);
    await expect(stage.start(request)).rejects.toMatchObject({ kind: 'conflict' });
  });
}
