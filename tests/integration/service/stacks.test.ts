import { readdirSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { runToEnd } from '../../support/crawl.ts';
import { type Service, startService } from '../../support/service.ts';
import { deployEgg, smallEgg } from '../../support/small-egg.ts';

/**
 * Each stack with real crawls. Making an environment takes a while, so that an ordinary run looks at two of them;
 * `npm run test:stacks` takes all, or those named in STACKS.
 */

jest.setTimeout(600_000);

const STACKS = resolve(__dirname, '../../../python/stacks');
const ALL = readdirSync(STACKS).flatMap((name) => /^(\d+\.\d+)\.txt$/.exec(name)?.[1] ?? []);
const SERIES = process.env.STACKS === 'all' ? ALL : (process.env.STACKS ?? '2.11 2.19').split(' ');
const FIRST_WITH_START = 13;

const spiders = (start: string) => `
import scrapy

class One(scrapy.Spider):
    name = 'one'

    ${start}
        yield scrapy.Request('${service.url}/demo/')

    def parse(self, response):
        assert response.css('a')
        yield {'scrapy': scrapy.__version__}
`;
const startRequests = () => smallEgg(spiders('def start_requests(self):'));
const start = () => smallEgg(spiders('async def start(self):'));

let service: Service;
beforeAll(async () => {
  service = await startService();
});
afterAll(() => service.stop());

/** The version of Scrapy that the pins of a series hold. */
function scrapyOf(series: string): string {
  return /^Scrapy==(\S+)$/m.exec(readFileSync(`${STACKS}/${series}.txt`, 'utf8'))?.[1] ?? '';
}

/** A crawl that fetched its page and yielded its item, with what each stream of its job got. */
const clean = (series: string) => ({ items: [{ scrapy: scrapyOf(series) }], requests: 1, errors: [] });

const crawl = () => runToEnd(service, 'one');

const verdict = (lines: string[]) => JSON.parse(lines.at(-1) ?? '{}') as { status: string; message?: string };

describe.each(SERIES)('the stack scrapy:%s', (series) => {
  const stack = `scrapy:${series}`;
  const minor = Number(series.split('.')[1]);
  const own = minor < FIRST_WITH_START ? startRequests : start;

  it('runs a spider of its own time', async () => {
    const lines = await deployEgg(service, own(), { stack });
    expect(verdict(lines)).toMatchObject({ status: 'ok', spiders: 1 });
    expect(await crawl()).toMatchObject(clean(series));
  });

  it('calls start_requests, or says that it will not', async () => {
    const lines = await deployEgg(service, startRequests(), { stack });
    const { items, warnings, errors } = await crawl();
    const isCalled = items.length === 1;
    expect(errors).toEqual([]);
    expect(lines.some((line) => /WARNING.*start_requests\(\)/.test(line))).toBe(!isCalled);
    expect(warnings.some((line) => line.includes('start_requests() is not called'))).toBe(!isCalled);
    if (minor <= FIRST_WITH_START) expect(isCalled).toBe(true);
  });

  it('is what a Scrapy pinned in the requirements gets', async () => {
    const requirements = `Scrapy==${scrapyOf(series)}\n`;
    expect(verdict(await deployEgg(service, own(), { requirements }))).toMatchObject({
      status: 'ok',
    });
    expect(await crawl()).toMatchObject(clean(series));
  });
});

it('refuses an unknown stack with the list of those there are', async () => {
  const { status, message } = verdict(await deployEgg(service, start(), { stack: 'scrapy:1.8' }));
  expect(status).toBe('error');
  expect(message).toContain(`stack scrapy:1.8 is unknown; known are`);
  for (const series of ALL) expect(message).toContain(`scrapy:${series}`);
});

it('keeps what the project had when a deploy names none', async () => {
  const [series = ''] = SERIES;
  await deployEgg(service, startRequests(), { stack: `scrapy:${series}` });
  await deployEgg(service, startRequests(), { version: '2.0' });
  expect((await crawl()).items).toMatchObject([{ scrapy: scrapyOf(series) }]);
});

it('goes on to the current one when its spiders know no older way to start', async () => {
  const [series = ''] = SERIES;
  await deployEgg(service, startRequests(), { stack: `scrapy:${series}` });
  const lines = await deployEgg(service, start(), { version: '3.0' });
  const isOld = Number(series.split('.')[1]) < FIRST_WITH_START;
  expect(lines.some((line) => line.startsWith(`scrapy:${series}, which the project had, would`))).toBe(isOld);
  expect(await crawl()).toMatchObject({ requests: 1, warnings: [], errors: [] });
});
