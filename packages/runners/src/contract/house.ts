import { readdirSync, statSync } from 'node:fs';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CrawlRunner } from '@spiderhub/core';
import { createBoxing } from '@spiderhub/isolation';
import { createEnvironments } from '../environments.ts';
import type { ForkServer } from '../fork-server.ts';
import { createForkServers, type ForkServers } from '../fork-servers.ts';
import { createProcessRunner } from '../process-runner.ts';
import type { RunnerUnderTest } from './stage.ts';
import {
  buildEgg,
  filesOf,
  keepFile,
  LAUNCHER_DIR,
  makeWheel,
  REQUIREMENTS_PATH,
  requirePython,
  versionOf,
} from './support.ts';

/** Process runners on a directory of their own. */
export interface House extends RunnerUnderTest {
  jobPath(attempt: { id: number; attempt: number }, name: string): string;
  workDir: string;
  /** Where packages lie that requirements may name. */
  wheels: string;
  /** That of the base environment. Null: every crawl starts cold. */
  forkServer: ForkServer | null;
  forkServers: ForkServers | null;
  /** Job directories whose crawls the fork server has started. */
  forked: Set<string>;
  worker(options?: { maxSpoolBytes?: number; cold?: boolean }): CrawlRunner;
}

/** How crawls start, and whether in boxes. */
export type Kind = `${'cold' | 'fork'} ${'boxed' | 'unboxed'}`;
export const KINDS = ['cold boxed', 'fork boxed', 'cold unboxed', 'fork unboxed'] as const;

export async function makeHouse(kind: Kind, log = fail): Promise<House> {
  const [how, boxed] = kind.split(' ');
  const root = await mkdtemp(join(tmpdir(), 'runner-'));
  const python = requirePython();
  const blobs = join(root, 'blobs');
  const wheels = join(root, 'wheels');
  const workDir = join(root, 'work');
  const boxing = await createBoxing({
    setting: boxed === 'boxed' ? 'box' : 'none',
    uidBase: 200_000,
    python,
    launcherDir: LAUNCHER_DIR,
    home: root,
    trialDir: root,
  });
  const environments = createEnvironments({
    basePython: python,
    envsDir: join(root, 'envs'),
    baseRequirementsPath: REQUIREMENTS_PATH,
    launcherDir: LAUNCHER_DIR,
    env: { PIP_NO_INDEX: '1', PIP_FIND_LINKS: wheels },
    boxing,
  });
  const forkServers =
    how === 'fork' ? createForkServers({ python, launcherDir: LAUNCHER_DIR, directory: workDir, log }) : null;
  const forkServer = forkServers?.base ?? null;
  if (forkServer && !(await forkServer.ready)) throw new Error('the fork server did not start');
  const jobPath: House['jobPath'] = ({ id, attempt }, name) => join(workDir, `${id}-${attempt}`, name);
  const forked = new Set<string>();
  const start: ForkServers['start'] = async (directory, crawlPython) => {
    const shim = (await forkServers?.start(directory, crawlPython)) ?? null;
    if (shim) forked.add(directory);
    return shim;
  };
  return {
    wheels,
    workDir,
    jobPath,
    forkServer,
    forkServers,
    forked,
    worker: ({ cold, ...options } = {}) =>
      createProcessRunner({
        python,
        launcherDir: LAUNCHER_DIR,
        workDir,
        keptDir: join(root, 'kept'),
        environments,
        boxing,
        blobs: filesOf(blobs),
        forkServers: cold ? undefined : { start },
        ...options,
      }),
    async deploy(projectDir, settingsModule) {
      const eggPath = join(root, 'built.egg');
      await buildEgg(projectDir, eggPath);
      return versionOf((await keepFile(blobs, eggPath)).sha256, settingsModule);
    },
    async requirements() {
      await mkdir(wheels, { recursive: true });
      return makeWheel(wheels);
    },
    spooledBytes(attempt) {
      const spool = jobPath(attempt, 'spool');
      return readdirSync(spool).reduce((sum, name) => sum + statSync(join(spool, name)).size, 0);
    },
    async close() {
      await forkServers?.close();
      expect(readdirSync(workDir).filter((name) => /^\d+-\d+$/.test(name))).toEqual([]);
      await rm(root, { recursive: true });
    },
  };
}

/** Whatever a fork server has to say while tests run is wrong. */
function fail(message: string, details?: Record<string, unknown>): void {
  throw new Error(`${message} ${JSON.stringify(details)}`);
}
