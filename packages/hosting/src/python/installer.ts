import { join } from 'node:path';
import { allInPath } from '../host/find.ts';
import { run, runOrThrow } from '../host/run.ts';
import { downloadPip } from './download-pip.ts';
import type { Interpreter } from './find.ts';

/** How packages get into a directory or an environment. */
export interface Installer {
  name: string;
  createEnvironment(directory: string): Promise<void>;
  /** `args` as pip and uv both know them: `-r file`, `name==version`, `--target`, `--no-deps`. */
  install(python: string, args: readonly string[]): Promise<void>;
}

/** uv when it is there, else pip; where Python came without pip (Debian), pip is fetched from PyPI. */
export async function chooseInstaller(base: Interpreter, cache: string): Promise<Installer> {
  const uv = allInPath('uv')[0];
  if (uv) return uvInstaller(uv, base);
  const { code } = await run(base.path, ['-c', 'import ensurepip, venv']);
  return code === 0 ? pipInstaller(base) : fetchedPipInstaller(base, cache);
}

function uvInstaller(uv: string, base: Interpreter): Installer {
  return {
    name: 'uv',
    async createEnvironment(directory) {
      await runOrThrow(uv, ['venv', '--quiet', '--seed', '--python', base.path, directory]);
    },
    async install(python, args) {
      await runOrThrow(uv, ['pip', 'install', '--quiet', '--python', python, ...args]);
    },
  };
}

/** Nothing on the screen, no questions. */
export const PIP_OPTIONS = ['--quiet', '--disable-pip-version-check', '--no-input'];

function pipInstaller(base: Interpreter): Installer {
  return {
    name: 'pip',
    async createEnvironment(directory) {
      await runOrThrow(base.path, ['-m', 'venv', directory]);
    },
    async install(python, args) {
      await runOrThrow(python, ['-m', 'pip', 'install', ...PIP_OPTIONS, ...args]);
    },
  };
}

function fetchedPipInstaller(base: Interpreter, cache: string): Installer {
  return {
    ...pipInstaller(base),
    name: 'pip from PyPI',
    async createEnvironment(directory) {
      await runOrThrow(base.path, ['-m', 'venv', '--without-pip', directory]);
      const wheel = await downloadPip(base, cache);
      await runOrThrow(join(directory, 'bin', 'python'), [
        join(wheel, 'pip'),
        'install',
        ...PIP_OPTIONS,
        wheel,
      ]);
    },
  };
}
