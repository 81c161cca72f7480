import { readdirSync, readFileSync, statSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describeRunner, type RunnerUnderTest } from './contract.ts';
import {
  buildEgg,
  crawlRequest,
  filesOf,
  isRunning,
  keepFile,
  LAUNCHER_DIR,
  listen,
  makeWheel,
  PROBE_PROJECT,
  pidsOf,
  REQUIREMENTS_PATH,
  requirePython,
  versionOf,
} from './contract-support.ts';
import { createEnvironments } from './environments.ts';
import { createProcessRunner } from './process-runner.ts';

jest.setTimeout(60_000);

interface House extends RunnerUnderTest {
  jobPath(attempt: { id: number; attempt: number }, name: string): string;
}

async function makeHouse(): Promise<House> {
  const root = await mkdtemp(join(tmpdir(), 'runner-'));
  const python = requirePython();
  const blobs = join(root, 'blobs');
  const workDir = join(root, 'work');
  const environments = createEnvironments({
    basePython: python,
    envsDir: join(root, 'envs'),
    baseRequirementsPath: REQUIREMENTS_PATH,
    launcherDir: LAUNCHER_DIR,
    env: { PIP_NO_INDEX: '1' },
  });
  const jobPath: House['jobPath'] = ({ id, attempt }, name) => join(workDir, `${id}-${attempt}`, name);
  return {
    jobPath,
    worker: (options = {}) =>
      createProcessRunner({
        python,
        launcherDir: LAUNCHER_DIR,
        workDir,
        environments,
        blobs: filesOf(blobs),
        ...options,
      }),
    async deploy(projectDir, settingsModule) {
      const eggPath = join(root, 'built.egg');
      await buildEgg(projectDir, eggPath);
      return versionOf((await keepFile(blobs, eggPath)).sha256, settingsModule);
    },
    requirements: () => makeWheel(root),
    spooledBytes(attempt) {
      const spool = jobPath(attempt, 'spool');
      return readdirSync(spool).reduce((sum, name) => sum + statSync(join(spool, name)).size, 0);
    },
    async close() {
      expect(readdirSync(workDir).filter((name) => /^\d+-\d+$/.test(name))).toEqual([]);
      await rm(root, { recursive: true });
    },
  };
}

describeRunner(makeHouse);

describe('process runner', () => {
  let house: House;
  beforeAll(async () => {
    house = await makeHouse();
  });
  afterAll(() => house.close());

  it('ends a crawl whose shim was killed, with all that it had started', async () => {
    const probe = await house.deploy(PROBE_PROJECT, 'probe.settings');
    const request = crawlRequest(probe, { spiderName: 'family' });
    const crawl = await house.worker().start(request);
    const heard = listen(crawl);
    await heard.until(() => heard.payloads('ITM').length > 0);
    const shim = JSON.parse(readFileSync(house.jobPath(request.job, 'shim.json'), 'utf8'));
    process.kill(shim.pid, 'SIGKILL');
    await heard.toEnd();
    expect(await crawl.exited).toEqual({
      code: null,
      signal: 'SIGKILL',
      deadlinePassed: false,
      shimDied: true,
    });
    expect(pidsOf(heard).filter(isRunning)).toEqual([]);
    await crawl.cleanUp();
  });

  it('does not take an ended shim for a living one', async () => {
    const probe = await house.deploy(PROBE_PROJECT, 'probe.settings');
    const request = crawlRequest(probe, { spiderName: 'family' });
    const crawl = await house.worker().start(request);
    const heard = listen(crawl);
    await heard.until(() => heard.payloads('ITM').length > 0);
    const shim = JSON.parse(readFileSync(house.jobPath(request.job, 'shim.json'), 'utf8'));
    process.kill(shim.pid, 'SIGKILL');
    await crawl.exited;
    await heard.close();
    const [orphan] = await house.worker().orphans();
    const adopted = await orphan?.adopt();
    expect(await adopted?.exited).toMatchObject({ signal: 'SIGKILL' });
    await adopted?.cleanUp();
  });

  it('keeps the directory of a job, which holds its token, to itself', async () => {
    const probe = await house.deploy(PROBE_PROJECT, 'probe.settings');
    const request = crawlRequest(probe, { spiderName: 'numbers', args: { count: '1' } });
    const crawl = await house.worker().start(request);
    expect(statSync(house.jobPath(request.job, '.')).mode & 0o777).toBe(0o700);
    await crawl.exited;
    expect(readFileSync(house.jobPath(request.job, 'shim.log'), 'utf8')).toBe('');
    await crawl.cleanUp();
  });
});
