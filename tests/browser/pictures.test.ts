import { mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { Service } from '../support/service.ts';
import { Chromium, describeInBrowser } from './support/browser.ts';
import { crawl, enter, startDemo, untilFinished } from './support/seed.ts';

const FOLDER = resolve(__dirname, '../../docs/dash');
const SCREENS = [
  ['overview', '', 'Needs a look'],
  ['jobs', '/jobs', 'finished'],
  ['job', '/1/1?tab=overview', 'What became of it'],
  ['items', '/1/1?tab=items', 'Fields'],
  ['log', '/2/1?tab=log', 'Spider opened'],
] as const;
const CATEGORIES = ['travel', 'poetry', 'history', 'science', 'fiction', 'cooking'];

/** `npm run pictures`: what docs/dash shows, made anew from the demo. */
const onlyWhenAsked = process.env.PICTURES ? describeInBrowser : describe.skip;

onlyWhenAsked('pictures of the page', () => {
  const chromium = new Chromium();
  let service: Service;

  beforeAll(async () => {
    await mkdir(FOLDER, { recursive: true });
    [service] = await Promise.all([startDemo(), chromium.start()]);
    const keys: string[] = [];
    for (const how of ['callback', 'init', 'close']) keys.push(await crawl(service, 'broken', { how }));
    keys.push(await crawl(service, 'books', { add_tag: ['daily', 'shop'] }));
    for (const category of CATEGORIES)
      keys.push(await crawl(service, 'books', { category, add_tag: 'daily' }));
    await untilFinished(service, keys);
    for (const delay of ['0.2', '0.5']) await crawl(service, 'slow', { delay, add_tag: 'watch' });
  }, 300_000);
  afterAll(async () => {
    await chromium.stop();
    await service?.stop();
  });

  it.each(['light', 'dark'] as const)(
    'shows each screen in %s',
    async (colorScheme) => {
      const { page } = await chromium.open({ colorScheme });
      await enter(page, service);
      for (const [name, path, sign] of SCREENS) {
        await page.goto(`${service.url}/p/${service.team.project}${path}`);
        await page.getByText(sign).first().waitFor();
        await page.waitForLoadState('networkidle').catch(() => {});
        await page.screenshot({ path: join(FOLDER, `${name}-${colorScheme}.png`) });
      }
      await chromium.closeAll(null);
    },
    120_000,
  );
});
