import type { JobDetails } from '@spiderhub/core';
import { crawlRequest, versionOf } from './contract/support.ts';
import { jobDirectory } from './job-directory.ts';
import { crawlEnvironment, jobData, settingsLayers } from './launch-files.ts';
import { bareLauncher } from './launcher.ts';

const version = versionOf('sha', 'shop.settings');
const directory = jobDirectory('/work/1-1');
const place = {
  directory,
  jobData: '{}',
  settings: '{}',
  python: '/env/bin/python',
  eggs: ['/eggs/own.egg', '/eggs/extra.egg'],
  version,
  keptFolder: '/kept/7/2',
};

function request(job: Partial<JobDetails> = {}, projectSettings: Record<string, string> = {}) {
  return crawlRequest(version, { key: { project: 7, spider: 2, job: 3 }, ...job }, { projectSettings });
}

describe('what a crawl is told', () => {
  it('names its job, its token and its arguments, the internal ones below its own', () => {
    const args = { internalArgs: { a: 'internal', b: 'internal' }, args: { a: 'own' } };
    expect(jobData(request(args as Partial<JobDetails>))).toMatchObject({
      key: '7/2/3',
      project: 7,
      auth: 'job-token',
      spider_args: { a: 'own', b: 'internal' },
      version: '1.0',
      state: 'running',
    });
  });

  it('is a command with an environment only for scripts', () => {
    expect(jobData(request())).not.toHaveProperty('job_cmd');
    const script = request({ spiderName: 'py:report.py', command: ['--x'], environment: { A: '1' } });
    expect(jobData(script)).toMatchObject({ job_cmd: ['py:report.py', '--x'], job_env: { A: '1' } });
  });

  it('closes the doors that run code from the network, unless the project opens them', () => {
    const { project_settings: closed } = JSON.parse(settingsLayers(request()));
    expect(closed).toEqual({ TELNETCONSOLE_ENABLED: false, REMOTE_CONTROL_ENABLED: false });
    const open = request({}, { TELNETCONSOLE_ENABLED: 'true' });
    expect(JSON.parse(settingsLayers(open)).project_settings.TELNETCONSOLE_ENABLED).toBe(true);
  });

  it('keeps the settings of each layer apart, which sh_scrapy merges', () => {
    const layers = settingsLayers({
      ...request({ settings: { A: '"job"' } }, { A: '"project"' }),
      spiderSettings: { A: '"spider"' },
    });
    expect(JSON.parse(layers)).toMatchObject({
      project_settings: { A: 'project' },
      spider_settings: { A: 'spider' },
      job_settings: { A: 'job' },
    });
  });

  it('keeps numbers of settings as they were written', () => {
    const settings = request({ settings: { BIG: '12345678901234567890', SMALL: '1.50' } });
    expect(settingsLayers(settings)).toContain('"BIG":12345678901234567890,"SMALL":1.50');
  });
});

describe('the environment of a crawl', () => {
  it('has the variables of the job, but no reserved ones and none that cannot be', () => {
    const environment = {
      MINE: '1',
      SHUB_JOBKEY: '9/9/9',
      'A=B': 'x',
      NUL: 'a\0b',
      '1A': 'x',
      PATH: '/mine',
    };
    const env = crawlEnvironment(request({ environment }), place);
    expect(env).toMatchObject({ MINE: '1', SHUB_JOBKEY: '7/2/3', PATH: '/mine' });
    expect(Object.keys(env)).not.toEqual(expect.arrayContaining(['A=B', 'NUL', '1A']));
  });

  it('lets no variable of the job take the place of what the platform says', () => {
    const env = crawlEnvironment(request({ environment: { HOME: '/root', PYTHONPATH: '/evil' } }), place);
    expect(env).toMatchObject({
      HOME: directory.home,
      TMPDIR: directory.tmp,
      PYTHONPATH: '/eggs/own.egg:/eggs/extra.egg',
      SCRAPY_SETTINGS_MODULE: 'shop.settings',
      SHUB_FIFO_PATH: directory.pipe,
    });
  });

  it('has those of the project and its spider below those of the job', () => {
    const own = { ...request({ environment: { A: 'job' } }), variables: { A: 'project', B: 'project' } };
    expect(crawlEnvironment(own, place)).toMatchObject({ A: 'job', B: 'project' });
  });

  it('limits memory by units', () => {
    expect(crawlEnvironment(request({ units: 3 }), place).SHUB_JOB_MEMORY_LIMIT).toBe('2850');
  });

  it('holds texts that one variable can hold, and the files of longer ones, counted in bytes', () => {
    const fits = 'é'.repeat(60 * 1024);
    const env = crawlEnvironment(request(), { ...place, jobData: fits, settings: `${fits}x` });
    expect(env).toMatchObject({ SHUB_JOB_DATA: fits, SHUB_SETTINGS: directory.settings });
  });
});

it('is executed by the Python of the crawl, in its home', async () => {
  const launch = await bareLauncher('/launcher')(request(), place);
  expect(launch).toMatchObject({
    argv: ['/env/bin/python', '/launcher/crawl.py'],
    cwd: directory.home,
    env: { HOME: directory.home },
  });
});
