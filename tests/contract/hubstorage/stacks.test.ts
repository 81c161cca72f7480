import { readdirSync, readFileSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { readAtEnd } from '../../support/crawl.ts';
import { type Service, startService } from '../../support/service.ts';
import { makeShubHome, type ShubHome } from '../jobs-api/clients.ts';

/**
 * Each stack as `shub` deploys, schedules and reads on it. Making an environment takes a while, so that an ordinary run looks at
 * one; `npm run test:stacks` takes all, or those named in STACKS.
 */

jest.setTimeout(600_000);

const STACKS = resolve(__dirname, '../../../python/stacks');
const ALL = readdirSync(STACKS).flatMap((name) => /^(\d+\.\d+)\.txt$/.exec(name)?.[1] ?? []);
const SERIES = process.env.STACKS === 'all' ? ALL : (process.env.STACKS ?? '2.11').split(' ');

let service: Service;
let home: ShubHome;
beforeAll(async () => {
  service = await startService();
  home = await makeShubHome(service, { apikey: service.team.key });
  await rm(join(home.projectDir, 'demo_project/spiders'), { recursive: true, force: true });
});
afterAll(async () => {
  await home?.remove();
  await service?.stop();
});

const scrapyOf = (series: string) =>
  /^Scrapy==(\S+)$/m.exec(readFileSync(`${STACKS}/${series}.txt`, 'utf8'))?.[1] ?? '';

async function deployAndRun(start: string, config: string): Promise<unknown[]> {
  const spider = `import scrapy


class One(scrapy.Spider):
    name = 'one'

    ${start}
        yield scrapy.Request('${service.url}/demo/')

    def parse(self, response):
        yield {'scrapy': scrapy.__version__}
`;
  const { project } = service.team;
  const write = (name: string, text: string) => writeFile(join(home.projectDir, name), text);
  await write('small.py', spider);
  await write('settings_here.py', "SPIDER_MODULES = ['small']\n");
  await write('scrapy.cfg', '[settings]\ndefault = settings_here\n');
  await write(
    'setup.py',
    "from setuptools import setup\nsetup(name='small', version='1.0', py_modules=['small', 'settings_here'], entry_points={'scrapy': ['settings = settings_here']})\n",
  );
  await write('scrapinghub.yml', `project: ${project}\n${config}`);
  const deployed = await home.shub(['deploy']);
  expect(deployed.output).toContain('"status":"ok"');
  const { output } = await home.shub(['schedule', 'one', '-a', `nonce=${Math.random()}`]);
  const id = /job ID: (\S+)/.exec(output)?.[1] ?? output;
  // `shub log -f` looks for the end of a job once a minute.
  const { items, errors } = await readAtEnd(service, id);
  expect(errors).toEqual([]);
  const printed = await home.shub(['items', id]);
  // Beside warnings of its own.
  expect(printed.output.split('\n').filter((line) => line.startsWith('{'))).toHaveLength(items.length);
  return items;
}

describe.each(SERIES)('shub on the stack scrapy:%s', (series) => {
  const yields = [{ scrapy: scrapyOf(series) }];
  const callsStart = Number(series.split('.')[1]) >= 13;
  const callsStartRequests = Number(series.split('.')[1]) <= 13;

  it('runs what begins with start_requests(), where that is called', async () => {
    const items = await deployAndRun('def start_requests(self):', `stack: scrapy:${series}\n`);
    if (callsStartRequests) expect(items).toMatchObject(yields);
  });

  it('runs what begins with start(), where that is called', async () => {
    const items = await deployAndRun('async def start(self):', `stack: scrapy:${series}\n`);
    expect(items).toMatchObject(callsStart ? yields : []);
  });

  it('is chosen by requirements that pin its Scrapy', async () => {
    await writeFile(join(home.projectDir, 'requirements.txt'), `Scrapy==${scrapyOf(series)}\n`);
    const start = callsStart ? 'async def start(self):' : 'def start_requests(self):';
    const config = 'requirements:\n  file: requirements.txt\n';
    expect(await deployAndRun(start, config)).toMatchObject(yields);
  });
});
