import { existsSync } from 'node:fs';
import { runToEnd } from '../../support/crawl.ts';
import { type Service, startService } from '../../support/service.ts';
import { deployEgg, smallEgg } from '../../support/small-egg.ts';

/**
 * Packages that spiders bring along, each from PyPI by its requirements and with a real crawl. Installing them takes a while,
 * so that an ordinary run looks at one; `npm run test:plugins` takes all, or those named in PLUGINS.
 */

jest.setTimeout(600_000);

const ONLY = process.env.PLUGINS ?? 'lxml';
const asked = (name: string) => ONLY === 'all' || ONLY.split(' ').includes(name);

let service: Service;
let project: number;
beforeAll(async () => {
  service = await startService();
  project = service.team.project;
});
afterAll(() => service?.stop());

interface Project {
  requirements: string;
  /** Body of the spider's class. */
  spider: string;
  settings?: string;
  stack?: string;
  monitors?: string;
}

async function deploy({ requirements, spider, settings = '', stack, monitors = '' }: Project): Promise<void> {
  const code = `import scrapy\n\n\nclass One(scrapy.Spider):\n    name = 'one'\n${spider}${monitors}`;
  const lines = await deployEgg(service, smallEgg(code, settings), { requirements, ...(stack && { stack }) });
  expect(lines.at(-1)).toContain('"status":"ok"');
}

const crawl = (fields?: Record<string, string>) => runToEnd(service, 'one', fields);
const fromDemo = () => `    start_urls = ['${service.url}/demo/']\n`;
const eachLink = `
    def parse(self, response):
        for link in response.css('a')[:3]:
            yield response.follow(link, self.parse_one)

    def parse_one(self, response):
        yield {'url': response.url}
`;

(asked('lxml') ? it : it.skip)('lxml', async () => {
  const spider = `${fromDemo()}
    def parse(self, response):
        import lxml.html
        yield {'links': len(lxml.html.fromstring(response.body).xpath('//a'))}
`;
  await deploy({ requirements: 'lxml\n', spider });
  expect(await crawl()).toMatchObject({ items: [{ links: expect.any(Number) }], errors: [] });
});

(asked('pandas') ? it : it.skip)('pandas', async () => {
  const spider = `${fromDemo()}
    def parse(self, response):
        import pandas
        links = pandas.DataFrame({'url': response.css('a::attr(href)').getall()})
        yield {'most': int(links.url.value_counts().max()), 'rows': len(links)}
`;
  await deploy({ requirements: 'pandas\n', spider });
  const item = { most: expect.any(Number), rows: expect.any(Number) };
  expect(await crawl()).toMatchObject({ items: [item], errors: [] });
});

(asked('spidermon') ? it : it.skip)(
  'Spidermon checks a crawl, validates its items and tags its job',
  async () => {
    const settings = `
SPIDERMON_ENABLED = True
EXTENSIONS = {'spidermon.contrib.scrapy.extensions.Spidermon': 500}
ITEM_PIPELINES = {'spidermon.contrib.scrapy.pipelines.ItemValidationPipeline': 800}
SPIDERMON_VALIDATION_SCHEMAS = [{'type': 'object', 'required': ['url', 'title']}]
SPIDERMON_SPIDER_CLOSE_MONITORS = ('small.spiders.Suite',)
TAGS = ['checked']
`;
    const monitors = `
from spidermon import Monitor, MonitorSuite, monitors
from spidermon.contrib.actions.jobs.tags import AddJobTags


class Tag(AddJobTags):
    tag_settings = 'TAGS'


class Count(Monitor):
    @monitors.name('has items')
    def test_items(self):
        self.assertGreaterEqual(self.data.stats['item_scraped_count'], 1)


class Suite(MonitorSuite):
    monitors = [Count]
    monitors_passed_actions = [Tag]
`;
    const spider = `${fromDemo()}
    def parse(self, response):
        yield {'url': response.url}
`;
    await deploy({ requirements: 'spidermon[validation]\njinja2\n', spider, settings, monitors });
    const { id, items, errors, log } = await crawl();
    expect({ items: items.length, errors }).toEqual({ items: 1, errors: [] });
    expect(log).toMatch(/\[Spidermon\] .*has items.*OK/s);
    expect(log).toContain('spidermon/validation/fields/errors');
    const listed = await service.call(`/api/jobs/list.json?project=${project}&job=${id}`);
    expect(await listed.json()).toMatchObject({ jobs: [{ tags: ['checked'] }] });
  },
);

const DELTAFETCH = `
SPIDER_MIDDLEWARES = {'scrapy_deltafetch.DeltaFetch': 100}
DELTAFETCH_ENABLED = True
DOTSCRAPY_ENABLED = True
`;

(asked('deltafetch') ? it : it.skip)('scrapy-deltafetch knows what the last job saw', async () => {
  const spider = fromDemo() + eachLink;
  const requirements = 'scrapy-deltafetch\n';
  await deploy({ requirements, spider, settings: DELTAFETCH, stack: 'scrapy:2.13' });
  const [first, second] = [await crawl(), await crawl()];
  expect([first.items.length, second.items.length, second.errors]).toEqual([3, 0, []]);
});

(asked('dotpersistence') ? it : it.skip)('scrapy-dotpersistence keeps .scrapy without a bucket', async () => {
  const settings = `
EXTENSIONS = {'scrapy_dotpersistence.DotScrapyPersistence': 0}
DOTSCRAPY_ENABLED = True
HTTPCACHE_ENABLED = True
`;
  const spider = `${fromDemo()}
    def parse(self, response):
        yield {'flags': response.flags}
`;
  await deploy({ requirements: 'scrapy-dotpersistence\n', spider, settings, stack: 'scrapy:2.19' });
  const flags = async () => {
    const { items, errors } = await crawl();
    return { items, errors };
  };
  expect(await flags()).toMatchObject({ items: [{ flags: [] }], errors: [] });
  expect(await flags()).toMatchObject({ items: [{ flags: ['cached'] }], errors: [] });
});

(asked('frontera') ? it : it.skip)(
  'scrapy-frontera and hcf-backend hand requests on by the frontier',
  async () => {
    const middleware = (part: string) => `'scrapy_frontera.middlewares.Scheduler${part}Middleware': 0`;
    const settings = `
SCHEDULER = 'scrapy_frontera.scheduler.FronteraScheduler'
SPIDER_MIDDLEWARES = {${middleware('Spider')}}
DOWNLOADER_MIDDLEWARES = {${middleware('Downloader')}}
BACKEND = 'hcf_backend.HCFBackend'
HCF_AUTH = '${service.team.key}'
HCF_PROJECT_ID = ${project}
`;
    const spider = fromDemo() + eachLink;
    const stack = 'scrapy:2.19';
    await deploy({ requirements: 'scrapy-frontera\nhcf-backend\n', spider, settings, stack });
    const produce = {
      FRONTERA_SCHEDULER_REQUEST_CALLBACKS_TO_FRONTIER: ['parse_one'],
      HCF_PRODUCER_FRONTIER: 'links',
      HCF_PRODUCER_NUMBER_OF_SLOTS: 1,
    };
    const producer = await crawl({ job_settings: JSON.stringify(produce) });
    expect(producer).toMatchObject({ items: [], errors: [] });
    const slots = (await (await service.call(`/storage/hcf/${project}/links/list`)).json()) as string[];
    expect(slots).toHaveLength(1);
    const consume = {
      FRONTERA_SCHEDULER_SKIP_START_REQUESTS: true,
      HCF_CONSUMER_FRONTIER: 'links',
      HCF_CONSUMER_SLOT: slots[0],
      HCF_CONSUMER_MAX_BATCHES: 1,
    };
    const consumer = await crawl({ job_settings: JSON.stringify(consume) });
    expect({ items: consumer.items.length, errors: consumer.errors }).toEqual({ items: 3, errors: [] });
  },
);

// Debian's /usr/bin/chromium is a script that reads files which crawls in a box do not have.
const CHROMIUM = ['/usr/lib/chromium/chromium', '/usr/bin/google-chrome'].find(existsSync);

(asked('playwright') && CHROMIUM ? it : it.skip)(
  "scrapy-playwright drives the machine's browser",
  async () => {
    const handler = 'scrapy_playwright.handler.ScrapyPlaywrightDownloadHandler';
    const settings = `
DOWNLOAD_HANDLERS = {'http': '${handler}', 'https': '${handler}'}
import os
PLAYWRIGHT_LAUNCH_OPTIONS = {'executable_path': '${CHROMIUM}', 'args': ['--no-sandbox']}
# Browsers ask for no proxy by themselves, and take none for the machine's own addresses.
if os.environ.get('http_proxy'):
    PLAYWRIGHT_LAUNCH_OPTIONS['proxy'] = {'server': os.environ['http_proxy'], 'bypass': '<-loopback>'}
`;
    const spider = `
    async def start(self):
        yield scrapy.Request('${service.url}/demo/', meta={'playwright': True})

    def parse(self, response):
        yield {'flags': response.flags, 'links': len(response.css('a'))}
`;
    await deploy({ requirements: 'scrapy-playwright\n', spider, settings, stack: 'scrapy:2.19' });
    const item = { flags: ['playwright'], links: expect.any(Number) };
    expect(await crawl()).toMatchObject({ items: [item], errors: [] });
  },
);
