import type { PodRunner } from '@spiderhub/runners';
import { eventually } from '@spiderhub/testkit';
import { canLimitMemory } from './container.ts';
import { listen, openRunner, PODS, podOf, podsOf, request, run } from './runner-stage.ts';
import { missing, openSite, type Site } from './stage.ts';

/** The runner of Pods by itself, against a real API server and a double for the kubelet. */

const why = missing();
if (why) process.stderr.write(`Crawls as Pods are not tried: ${why}\n`);
const withCluster = why ? describe.skip : describe;

let site: Site;
let runner: PodRunner;

withCluster('a Pod', () => {
  beforeAll(async () => {
    site = await openSite();
    runner = await openRunner(site);
  });
  afterEach(async () => {
    await eventually(async () => expect(await podsOf(site)).toEqual([]), { everyMs: 200 });
  });
  afterAll(async () => {
    runner?.close();
    await site?.close();
  });

  it('ends as its program ends, and says so', async () => {
    const { said, exit } = await run(runner, 'wrong');
    expect(exit).toEqual({ code: 7, signal: null, deadlinePassed: false });
    expect(said).toContain('exit status 7');
  });

  it('is asked to stop, and killed', async () => {
    for (const [spider, act, exit] of [
      ['polite', 'stop', { code: 0, signal: null, deadlinePassed: false }],
      ['deaf', 'kill', { code: null, signal: 'SIGKILL', exceeded: 'nothing', deadlinePassed: false }],
    ] as const) {
      const crawl = await runner.start(request(spider));
      const heard = listen(crawl);
      await heard.until('ITM');
      await crawl[act]();
      await heard.toEnd();
      expect(await crawl.exited).toEqual(exit);
      await crawl.cleanUp();
    }
  });

  it('that takes too much memory is told from one that was killed', async () => {
    if (!canLimitMemory) return;
    const { said, exit } = await run(runner, 'greedy');
    expect(exit).toMatchObject({ signal: 'SIGKILL', exceeded: 'oom' });
    expect(said).toContain('more memory than its job may have');
  });

  it('ends with its lease, although nobody is there to end it', async () => {
    const { said, exit } = await run(runner, 'deaf', { leaseMs: 3000 });
    expect(exit.deadlinePassed).toBe(true);
    expect(said).toContain('did not prolong its lease');
  });

  it('that has made itself deaf to orders is ended by its node', async () => {
    const crawl = await runner.start(request('rebel'));
    const heard = listen(crawl);
    await heard.until('ITM');
    await crawl.kill();
    await heard.toEnd();
    expect((await crawl.exited).signal).toBe('SIGKILL');
    await crawl.cleanUp();
  });

  it('says why there is none', async () => {
    const noImage = await run(runner, 'few', { image: 'registry.example.org/nothing:1' });
    expect(noImage.exit).toMatchObject({ code: 1, signal: null });
    expect(noImage.said).toContain('the image cannot be fetched');
    const large = await openRunner(site, { startMs: 3000, memoryMb: 100_000 });
    const noRoom = await run(large, 'few');
    expect(noRoom.exit.shimDied).toBe(true);
    expect(noRoom.said).toContain('no node of the cluster has room');
    large.close();
  });

  it.each([
    ['The node was low on resource: memory.', { shimDied: true }],
    ['Usage of EmptyDir volume home exceeds the limit 100Mi.', { exceeded: 'disk' }],
  ])('that is evicted is lost, or has taken too much: %s', async (message, exit) => {
    const asked = request('polite');
    const crawl = await runner.start(asked);
    const heard = listen(crawl);
    await heard.until('ITM');
    const { metadata } = await podOf(site, asked.job.id);
    await site.kubelet.pod(metadata.name)?.fail('Evicted', message);
    expect(await heard.toEnd()).toContain(message);
    expect(await crawl.exited).toMatchObject(exit);
    await crawl.cleanUp();
  });

  it('that somebody deletes may end, and its last words are kept', async () => {
    const asked = request('polite');
    const crawl = await runner.start(asked);
    const heard = listen(crawl);
    await heard.until('ITM');
    await site.cluster.call('DELETE', `${PODS}/${(await podOf(site, asked.job.id)).metadata.name}`);
    expect(await heard.toEnd()).toContain('"outcome": "shutdown"');
    expect((await crawl.exited).code).toBe(0);
    await crawl.cleanUp();
  });

  it('whose agent is killed is lost', async () => {
    const asked = request('deaf');
    const crawl = await runner.start(asked);
    const heard = listen(crawl);
    await heard.until('ITM');
    site.kubelet.pod((await podOf(site, asked.job.id)).metadata.name)?.kill('agent');
    await heard.toEnd();
    expect(await crawl.exited).toMatchObject({ shimDied: true });
    await crawl.cleanUp();
  });

  it('is taken over by another worker when its own is quiet, with every line', async () => {
    const first = await runner.start(request('few', { leaseMs: 60_000 }));
    const before = listen(first);
    await before.until('"n": 5');
    const kept = before.items();
    await first.checkpoint({ ITM: kept.length, LOG: 0, REQ: 0, STA: 0, FIN: 0 });
    const other = await openRunner(site);
    expect(await other.orphans()).toEqual([]);
    const [orphan] = await eventually(async () => {
      const found = await other.orphans();
      expect(found).toHaveLength(1);
      return found;
    });
    const second = await orphan?.adopt();
    if (!second) throw new Error('nobody adopted it');
    expect(second.resumedAt.ITM).toBe(kept.length);
    const after = listen(second);
    // Whoever had it before has no say any more.
    await expect(first.kill()).rejects.toThrow();
    await first.cleanUp();
    await after.toEnd();
    expect([...kept, ...after.items()]).toEqual(Array.from({ length: 60 }, (_, n) => ({ n })));
    expect(await second.exited).toEqual({ code: 0, signal: null, deadlinePassed: false });
    await second.cleanUp();
    other.close();
  });

  it('is made once for an attempt', async () => {
    const asked = request('polite');
    const first = await runner.start(asked);
    const heard = listen(first);
    await heard.until('ITM');
    const other = await openRunner(site);
    const second = await other.start(asked);
    expect(await second.exited).toMatchObject({ shimDied: true });
    await second.cleanUp();
    await heard.until('"n": 9');
    await first.stop();
    await heard.toEnd();
    await first.cleanUp();
    other.close();
  });
});
