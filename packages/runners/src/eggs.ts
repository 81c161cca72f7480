import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type BlobStore, serviceErrors, singleFlight } from '@spiderhub/core';
import type { Boxing } from '@spiderhub/isolation';
import { eggName } from './egg-name.ts';
import { NO_ROOM } from './failure-words.ts';
import { markUsed, readText } from './files.ts';
import { runChild } from './run-child.ts';
import { runInBox } from './run-in-box.ts';
import { badEgg, unpackZip } from './zip.ts';

const COMPILE_TIMEOUT_MS = 60_000;

export interface EggsOptions {
  /** In which box eggs are compiled. */
  boxing: Boxing;
  /** Absolute path of `python/launcher`. */
  launcherDir: string;
  /** Where unpacked eggs lie. */
  eggsDir: string;
  blobs: Pick<BlobStore, 'localPath'>;
}

export interface Eggs {
  /**
   * The directory of an unpacked egg, with its modules compiled by this Python, which must be one of ours; unpacks it for
   * this project when this machine does not have it yet. Nobody but this process's user can write there, crawls neither.
   */
  unpacked(sha256: string, python: string, project: number): Promise<string>;
}

/** Keeps each egg unpacked once on this machine for each version of Python, by the hash of its content. */
export function createEggs({ boxing, launcherDir, eggsDir, blobs }: EggsOptions): Eggs {
  const once = singleFlight<string>();
  const tags = new Map<string, Promise<string>>();

  function tagOf(python: string): Promise<string> {
    const tag = tags.get(python) ?? cacheTag(python);
    tags.set(python, tag);
    tag.catch(() => tags.delete(python));
    return tag;
  }

  async function unpack(sha256: string, python: string, project: number): Promise<string> {
    const target = join(eggsDir, `${sha256}.${await tagOf(python)}`);
    if (await markUsed(target)) return join(target, (await readdir(target))[0] as string);
    const temporary = join(eggsDir, `.${sha256}.${randomBytes(4).toString('hex')}`);
    await mkdir(temporary, { recursive: true, mode: 0o700 });
    try {
      const name = await unpackEgg(await blobs.localPath(sha256), temporary);
      await compile(join(temporary, name), join(target, name), python, project);
      await seal(python, launcherDir, temporary);
      await moveUnlessThere(temporary, target);
      return join(target, name);
    } finally {
      await rm(temporary, { recursive: true, force: true });
    }
  }

  /**
   * Saves each crawl the compilation. Modules that cannot be compiled stay as they are and fail when imported. Throws
   * `unavailable` when there is no room for it.
   */
  async function compile(
    directory: string,
    finalPath: string,
    python: string,
    project: number,
  ): Promise<void> {
    const argv = [python, '-I', '-S', join(launcherDir, 'compile_egg.py'), directory, finalPath];
    const paths = { readonly: [launcherDir], writable: [directory], tmp: directory };
    const box = await boxing.ofProgram({ project, python, ...paths, network: 'none' });
    const { code, tail } = await runInBox(
      { argv, env: { LANG: 'C.UTF-8' }, cwd: directory, box },
      { python, launcherDir, directory: eggsDir, timeoutMs: COMPILE_TIMEOUT_MS },
    );
    if (code !== 0 && NO_ROOM.test(tail)) throw serviceErrors.diskFull();
  }

  return {
    unpacked: (sha256, python, project) => once(`${sha256} ${python}`, () => unpack(sha256, python, project)),
  };
}

/** Unpacks an egg into a directory of its own below `parent`, an empty one, and returns that directory's name. */
export async function unpackEgg(path: string, parent: string): Promise<string> {
  const unnamed = join(parent, '.unnamed');
  await mkdir(unnamed);
  await unpackZip(path, unnamed);
  const name = await eggName(unnamed);
  await rename(unnamed, join(parent, name));
  return name;
}

/** What this version of Python calls what it compiles: another one cannot use that. */
async function cacheTag(python: string): Promise<string> {
  const program = 'import sys; sys.stdout.write(sys.implementation.cache_tag)';
  const { tail } = await runChild(python, ['-I', '-S', '-c', program], {
    env: {},
    timeoutMs: COMPILE_TIMEOUT_MS,
  });
  if (!/^[\w-]+$/.test(tail)) throw new Error(`${python} does not say which Python it is: ${tail}`);
  return tail;
}

/** Takes from everybody else the right to write there. */
async function seal(python: string, launcherDir: string, directory: string): Promise<void> {
  const args = ['-I', '-S', join(launcherDir, 'seal.py'), directory];
  const { code, tail } = await runChild(python, args, { env: {}, timeoutMs: COMPILE_TIMEOUT_MS });
  if (code !== 0) throw new Error(`An unpacked egg could not be taken over: ${tail}`);
}

/** Another process may have been faster: its copy has the same content. */
async function moveUnlessThere(from: string, to: string): Promise<void> {
  try {
    await rename(from, to);
  } catch (error) {
    if (!existsSync(to)) throw error;
  }
}

const SETTINGS_MODULE = /^\w+(\.\w+)*$/;

/** The `scrapy -> settings` entry point of an unpacked egg. Throws `invalid` when it has none, or an odd one. */
export async function readSettingsModule(directory: string): Promise<string> {
  const text = await readText(join(directory, 'EGG-INFO', 'entry_points.txt'));
  const value = text === null ? undefined : entryPoint(text, 'scrapy', 'settings');
  if (value === undefined) throw badEgg(`no scrapy settings entry point${await whyNot(directory)}`);
  if (!SETTINGS_MODULE.test(value))
    throw badEgg(`the scrapy settings entry point is not a module: ${value.slice(0, 100)}`);
  return value;
}

/** What is no egg is often one of these. */
async function whyNot(directory: string): Promise<string> {
  const names = await readdir(directory);
  const [only] = names;
  const hasSource = (among: readonly string[]) => among.includes('scrapy.cfg') || among.includes('setup.py');
  if (names.includes('EGG-INFO')) return '';
  if (hasSource(names))
    return ": this is a project's source; shub deploy and scrapyd-deploy make an egg of it";
  if (names.length !== 1 || only === undefined) return '';
  const inside = await readdir(join(directory, only)).catch((): string[] => []);
  if (!inside.includes('EGG-INFO') && !hasSource(inside)) return '';
  return `: all lies in the folder ${JSON.stringify(only.slice(0, 100))}; pack what is in it, not the folder`;
}

/** Reads one value of an ini file as setuptools writes it. */
function entryPoint(text: string, group: string, name: string): string | undefined {
  let section = '';
  for (const line of text.split(/\r?\n/).map((raw) => raw.trim())) {
    if (line.startsWith('[') && line.endsWith(']')) section = line.slice(1, -1).trim();
    const [key, ...value] = line.split('=');
    if (section === group && key?.trim() === name && value.length > 0) return value.join('=').trim();
  }
  return undefined;
}
