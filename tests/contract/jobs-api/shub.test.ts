import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Service, startService } from '../../support/service.ts';
import { makeShubHome, type ShubHome, withConnection } from './clients.ts';

let service: Service;
let home: ShubHome;

beforeAll(async () => {
  service = await startService({ workers: 0 });
});
afterAll(() => service?.stop());
afterEach(() => home?.remove());

it('shub login accepts a key that works, and asks again for one that does not', async () => {
  home = await makeShubHome(service);
  const { code, output } = await home.shub(['login'], `wrong\n${service.team.key}\n`);
  expect(output).toContain('API key failed, try again.');
  expect(output).toContain('API key is OK, you are logged in now.');
  expect(code).toBe(0);
  expect(await readFile(join(home.projectDir, '../.scrapinghub.yml'), 'utf8')).toContain(service.team.key);
});

it('shub deploy builds and deploys a project, and shub schedule runs its spiders', async () => {
  home = await makeShubHome(service, { apikey: service.team.key });
  const deployed = await home.shub(['deploy', '-v']);
  expect(deployed.output).toContain('"status":"ok"');
  expect(deployed.output).toContain('"version":"v-1"');
  expect(deployed.code).toBe(0);

  const spiders = (await withConnection(
    service,
    `result = [s['id'] for s in project.spiders()]`,
  )) as string[];
  expect(spiders.length).toBeGreaterThan(0);
  const args = [
    '-a',
    'x=1',
    '-s',
    'LOG_LEVEL=INFO',
    '-e',
    'V=1',
    '-p',
    '3',
    '-u',
    '2',
    '-t',
    't1',
    '-t',
    't2',
  ];
  const scheduled = await home.shub(['schedule', ...args, spiders[0] as string]);
  expect(scheduled.output).toMatch(/Spider \S+ scheduled, job ID: \d+\/\d+\/\d+/);
  expect(scheduled.code).toBe(0);
  const info = await withConnection(
    service,
    `result = [[j.info[k] for k in ('spider', 'priority', 'tags', 'spider_args')] for j in project.jobs()]`,
  );
  expect(info).toEqual([[spiders[0], 3, ['t1', 't2'], { x: '1' }]]);
  const { rows } = await service.db.database.raw('select settings, environment from job_details');
  expect(rows).toEqual([{ settings: '{"LOG_LEVEL": "INFO"}', environment: { V: '1' } }]);

  const again = await home.shub(['schedule', ...args, spiders[0] as string]);
  expect(again.output).toContain('already scheduled');
  expect(again.code).not.toBe(0);
});

it('shub deploy tells what is wrong with a project', async () => {
  home = await makeShubHome(service, { apikey: service.team.key });
  await writeFile(join(home.projectDir, 'demo/settings.py'), "raise RuntimeError('no good')\n");
  const { code, output } = await home.shub(['deploy']);
  expect(output).toContain('Deploy failed');
  expect(output).toContain('no good');
  expect(code).not.toBe(0);
});

it('shub deploy sends the stack that scrapinghub.yml names', async () => {
  home = await makeShubHome(service, { apikey: service.team.key });
  const settings = join(home.projectDir, 'scrapinghub.yml');
  const deploy = async (stack: string) => {
    await writeFile(settings, `project: ${service.team.project}\nversion: v-2\nstack: ${stack}\n`);
    return home.shub(['deploy', '-v']);
  };
  const refused = await deploy('scrapy:1.8-py3');
  expect(refused.output).toContain('stack scrapy:1.8-py3 is unknown; known are scrapy:2.7, ');
  expect(refused.code).not.toBe(0);

  expect(await deploy('scrapy:2.19-20260101')).toMatchObject({ code: 0 });
  const { rows } = await service.db.database.raw(`select stack from versions where name = 'v-2'`);
  expect(rows).toEqual([{ stack: 'scrapy:2.19-20260101' }]);
});

it('shub deploy and schedule say that a key is not valid', async () => {
  home = await makeShubHome(service, { apikey: '0'.repeat(32) });
  const deployed = await home.shub(['deploy']);
  // shub's exit code for authentication.
  expect([deployed.code, deployed.output]).toEqual([77, expect.stringContaining('Authentication failure')]);
  const scheduled = await home.shub(['schedule', 'books']);
  expect(scheduled.code).not.toBe(0);
  expect(scheduled.output).not.toContain('Traceback');
});
