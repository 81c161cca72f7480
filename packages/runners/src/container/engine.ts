import { createHash } from 'node:crypto';
import { readdir, rm, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { DomainError, isImageName, type RegistryLogin, registryOf, wholeImageName } from '@spiderhub/core';
import type { OpenWayToRegistry, WayToRegistry } from '@spiderhub/isolation';
import { runChild } from '../run-child.ts';

/** How containers are run on this machine. */
export interface EngineOptions {
  /** The program and what stands before each of its commands: `['podman', '--runtime', 'runc']`. */
  command: readonly string[];
  /** Its environment: it looks for its settings and its storage by it. */
  env: Record<string, string>;
  /** How images are fetched; null or absent: as the engine would. */
  wayToRegistry?: OpenWayToRegistry | null;
}

/** Fetching a large image over a slow line. */
const PULL_MS = 30 * 60_000;
const QUICK_MS = 60_000;
const REMOVED_AT_ONCE = 20;
/** Ids as engines print them. */
const ID = /\b(?:sha256:)?[0-9a-f]{64}\b/g;
const LABEL = 'spiderhub.folder';

export interface Engine {
  readonly command: readonly string[];
  readonly env: Record<string, string>;
  /** Names of namespaces can be joined, and `host` users kept. */
  readonly isPodman: boolean;
  /**
   * Makes sure that the image is here, and that this project may have it: what another project has fetched proves nothing.
   * Returns what it is called here, which is never another image. Throws `invalid`.
   */
  fetch(wanted: WantedImage): Promise<string>;
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

export function createEngine({ command, env, wayToRegistry }: EngineOptions): Engine {
  /** Ids of images that were fetched by this process, for whom and for which deploy. */
  const fetched = new Map<string, Promise<string>>();
  const isPodman = basename(command[0] ?? '').startsWith('podman');

  async function run(
    args: readonly string[],
    { timeoutMs = QUICK_MS, enter = [] as readonly string[], own = env, onLine = (_line: string) => {} } = {},
  ) {
    const [program = '', ...words] = [...enter, ...command, ...args];
    return runChild(program, words, { env: own, timeoutMs, onLine });
  }

  /** Null when there is none with this name. */
  async function idOf(image: string): Promise<string | null> {
    const { code, tail } = await run(['image', 'inspect', '--format', '{{.Id}}', image]);
    return code === 0 ? (tail.match(ID)?.at(-1) ?? null) : null;
  }

  async function pull(wanted: WantedImage): Promise<string> {
    const { image, folder } = wanted;
    if (!isImageName(image)) throw notFetched(image, 'that is no name of an image');
    if (image.startsWith(BUILT_HERE)) {
      const built = await idOf(image);
      if (built === null) throw notFetched(image, 'nothing of this name has been built on this machine');
      return built;
    }
    const way = await openWay(wanted, env, wayToRegistry);
    const login = await loginArguments(wanted, isPodman);
    try {
      const whole = wholeImageName(image);
      // Nothing but a registry is meant, whatever else the name of one could mean to an engine.
      const source = isPodman ? `docker://${whole}` : whole;
      const words = [...login.before, 'pull', '--quiet', ...login.after, source];
      const { code, tail } = await run(words, { timeoutMs: PULL_MS, enter: way.enter, own: way.environment });
      // Whom this machine asks for names is nobody's business.
      const why = (tail.trim().split('\n').at(-1) ?? '').replace(/ on [\d.:[\]a-f]+:53\b/, '');
      if (code !== 0) throw notFetched(image, why);
      // By a name that was there before, or is fetched by somebody else in this moment, it could be another one.
      const id = isPodman ? tail.match(ID)?.at(-1) : await idOf(whole);
      if (!id) throw notFetched(image, 'it was gone when it had come');
      return id;
    } finally {
      await way.close();
      if (login.path) await rm(join(folder, login.path), { force: true });
    }
  }

  return {
    command,
    env,
    isPodman,
    async fetch(wanted) {
      const key = `${wanted.project} ${wanted.image} ${wanted.since.getTime()}`;
      const before = await fetched.get(key)?.catch(() => null);
      // Somebody may have taken it away since.
      if (before && (await idOf(before)) !== null) return before;
      const running = pull(wanted);
      fetched.set(key, running);
      return running.catch((error: unknown) => {
        fetched.delete(key);
        throw error;
      });
    },
    async sweep(folder) {
      const filter = ['--filter', `label=${LABEL}=${folderMark(folder)}`];
      const names: string[] = [];
      const onLine = (line: string) => void names.push(line.trim());
      const { code } = await run(['ps', '--all', ...filter, '--format', '{{.Names}}'], { onLine });
      if (code !== 0) return;
      const crawls = new Set(await readdir(folder).catch(() => []));
      // An image may have labels of its own choice, and be run by somebody else: names are ours.
      const ours = names.filter((name) => ownName(folder).test(name));
      const left = ours.filter((name) => !crawls.has(name.split('_')[1] ?? ''));
      // Crawls that go on wait for this, and have no longer than their lease.
      for (let at = 0; at < left.length; at += REMOVED_AT_ONCE)
        await run(removal(isPodman, left.slice(at, at + REMOVED_AT_ONCE)));
    },
  };
}

async function openWay(
  { image, project }: WantedImage,
  env: Record<string, string>,
  wayToRegistry: EngineOptions['wayToRegistry'] | undefined,
): Promise<WayToRegistry> {
  const registry = registryOf(image);
  if (!URL.canParse(`https://${registry}`)) throw notFetched(image, 'there is no such port');
  const [host, port = 443] = placeOf(registry);
  const direct = { enter: [], environment: env, close: async () => {} };
  return (
    (await wayToRegistry?.({ project, host, port }, env).catch((error: Error) => {
      throw notFetched(image, error.message);
    })) ?? direct
  );
}

/** A file and not the command line, which everybody on the machine can read. */
async function loginArguments({ image, login, folder }: WantedImage, isPodman: boolean) {
  if (!login) return { before: [], after: [], path: null };
  const auth = Buffer.from(`${login.username}:${login.password}`).toString('base64');
  const config = JSON.stringify({ auths: { [registryOf(image)]: { auth } } });
  const name = isPodman ? 'auth.json' : 'config.json';
  const path = join(folder, name);
  await writeFile(path, config, { mode: 0o600 });
  return isPodman
    ? { before: [], after: ['--authfile', path], path: name }
    : { before: ['--config', folder], after: [], path: name };
}

function notFetched(image: string, why: string): DomainError {
  return new DomainError('invalid', 'no_image', `The image ${image} cannot be fetched: ${why}`);
}

/** Docker's own registry answers at another name than the one that images have. */
function placeOf(registry: string): [host: string, port?: number] {
  if (registry === 'docker.io') return ['registry-1.docker.io'];
  const { hostname, port } = new URL(`https://${registry}`);
  const host = hostname.replace(/^\[(.*)\]$/, '$1');
  return port === '' ? [host] : [host, Number(port)];
}

/** The command that takes containers away, at once: Podman would ask each to end and wait for it, as Docker does not. */
export function removal(isPodman: boolean, names: readonly string[]): string[] {
  return ['rm', '--force', ...(isPodman ? ['--ignore', '--time', '0'] : []), ...names];
}

/** Two installations on one machine may have crawls of the same numbers. */
function folderMark(folder: string): string {
  return createHash('sha256').update(folder).digest('hex').slice(0, 12);
}

function ownName(folder: string): RegExp {
  return new RegExp(`^spiderhub_[^_]+_${folderMark(folder)}$`);
}

/** How the container of an attempt is called, and what it is known by. `name` is that of its folder, `7-1`. */
export function identityOf(folder: string, name: string): { name: string; labels: Record<string, string> } {
  return {
    name: `spiderhub_${name}_${folderMark(folder)}`,
    labels: { [LABEL]: folderMark(folder), 'spiderhub.job': name },
  };
}
