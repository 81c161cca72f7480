import { createHash } from 'node:crypto';
import { readdir, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { DomainError, type RegistryLogin } from '@spiderhub/core';
import { runChild } from '../run-child.ts';

/** How containers are run on this machine. */
export interface EngineOptions {
  /** The program and what stands before each of its commands: `['podman', '--runtime', 'runc']`. */
  command: readonly string[];
  /** Its environment: it looks for its settings and its storage by it. */
  env: Record<string, string>;
}

/** Fetching a large image over a slow line. */
const PULL_MS = 30 * 60_000;
const QUICK_MS = 60_000;
const LABEL = 'spiderhub.folder';

export interface Engine {
  readonly command: readonly string[];
  readonly env: Record<string, string>;
  /** Names of namespaces can be joined, and `host` users kept. */
  readonly isPodman: boolean;
  /**
   * Makes sure that the image is here, and that this project may have it: what another project has fetched proves nothing.
   * Throws `invalid`.
   */
  fetch(wanted: WantedImage): Promise<void>;
  /** Removes containers of this folder whose crawls are none of these. */
  sweep(folder: string): Promise<void>;
}

export interface WantedImage {
  image: string;
  project: number;
  /** When it was deployed: one that was fetched for an earlier deploy is asked for again. */
  since: Date;
  login: RegistryLogin | null;
  /** For files that nobody else may read. */
  folder: string;
}

/** What engines call images that were built where they are, by whoever runs them: these are for all projects. */
const BUILT_HERE = 'localhost/';

export function createEngine({ command, env }: EngineOptions): Engine {
  /** Images that were fetched by this process, for whom and for which deploy. */
  const fetched = new Map<string, Promise<void>>();
  const isPodman = basename(command[0] ?? '').startsWith('podman');

  async function run(args: readonly string[], timeoutMs = QUICK_MS) {
    const [program = '', ...first] = command;
    return runChild(program, [...first, ...args], { env, timeoutMs });
  }

  async function isHere(image: string): Promise<boolean> {
    return (await run(['image', 'inspect', '--format', '{{.Id}}', image])).code === 0;
  }

  async function pull({ image, login, folder }: WantedImage): Promise<void> {
    if (image.startsWith(BUILT_HERE) && (await isHere(image))) return;
    const { before, after } = login ? await loginArguments(image, login, folder) : { before: [], after: [] };
    const { code, tail } = await run([...before, 'pull', '--quiet', ...after, image], PULL_MS);
    if (code === 0) return;
    // Whom this machine asks for names is nobody's business.
    const why = (tail.trim().split('\n').at(-1) ?? '').replace(/ on [\d.:[\]a-f]+:53\b/, '');
    throw new DomainError('invalid', 'no_image', `The image ${image} cannot be fetched: ${why}`);
  }

  /** A file and not the command line, which everybody on the machine can read. */
  async function loginArguments(image: string, { username, password }: RegistryLogin, folder: string) {
    const auth = Buffer.from(`${username}:${password}`).toString('base64');
    const config = JSON.stringify({ auths: { [registryOf(image)]: { auth } } });
    const path = join(folder, isPodman ? 'auth.json' : 'config.json');
    await writeFile(path, config, { mode: 0o600 });
    return isPodman
      ? { before: [], after: ['--authfile', path] }
      : { before: ['--config', folder], after: [] };
  }

  return {
    command,
    env,
    isPodman,
    async fetch(wanted) {
      const key = `${wanted.project} ${wanted.image} ${wanted.since.getTime()}`;
      const running = fetched.get(key) ?? pull(wanted);
      fetched.set(key, running);
      await running.catch((error: unknown) => {
        fetched.delete(key);
        throw error;
      });
    },
    async sweep(folder) {
      const filter = ['--filter', `label=${LABEL}=${folderMark(folder)}`];
      const { code, tail } = await run(['ps', '--all', ...filter, '--format', '{{.Names}}']);
      if (code !== 0) return;
      const crawls = new Set(await readdir(folder).catch(() => []));
      const names = tail.split('\n').filter((name) => name !== '');
      for (const name of names.filter((each) => !crawls.has(each.split('_')[1] ?? '')))
        await run(['rm', '--force', name]);
    },
  };
}

/** What a registry is called in files of logins: Docker's own when the image names none. */
function registryOf(image: string): string {
  const [first = '', ...rest] = image.split('/');
  return rest.length > 0 && /[.:]|^localhost$/.test(first) ? first : 'docker.io';
}

/** Two installations on one machine may have crawls of the same numbers. */
function folderMark(folder: string): string {
  return createHash('sha256').update(folder).digest('hex').slice(0, 12);
}

/** How the container of an attempt is called, and what it is known by. `name` is that of its folder, `7-1`. */
export function identityOf(folder: string, name: string): { name: string; labels: Record<string, string> } {
  return {
    name: `spiderhub_${name}_${folderMark(folder)}`,
    labels: { [LABEL]: folderMark(folder), 'spiderhub.job': name },
  };
}
