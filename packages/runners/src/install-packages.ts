import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { isAbsolute, join } from 'node:path';
import { type Boxing, openWayToIndex, removeGroup, type WayToIndex } from '@spiderhub/isolation';
import { atMostOnDisk } from './disk-watch.ts';
import { markUsed, removeTree } from './files.ts';
import { type ChildResult, runChild } from './run-child.ts';

export interface InstallOptions {
  boxing: Boxing;
  envsDir: string;
  /** Absolute path of `python/launcher`. */
  launcherDir: string;
  /** What the installer needs to reach its index: proxies, certificates, `PIP_*`. */
  env?: Record<string, string> | undefined;
  /** Further options of the installer. */
  more: string[];
  timeoutMs: number;
  onLine(line: string): void;
}

export interface Installation {
  project: number;
  /** Python of the stack, which does it. */
  python: string;
  /** Directory of the environment, and the requirements.txt that it is made from. */
  target: string;
  requirementsPath: string;
}

/** What an environment and its project's cache may take while it is made. */
const MAX_BYTES = 4 * 1024 ** 3;

/** Longer than the way out of a box takes, ms. */
const LEAVING_MS = 20_000;

/**
 * Makes a project's environment. The packages' own code, which may run meanwhile, can write to the new environment, to a
 * cache of the project and to `/tmp`. In a box it reaches public addresses and the operator's package index, through a
 * proxy of this process.
 */
export async function installPackages(
  { project, python, target, requirementsPath }: Installation,
  { boxing, envsDir, launcherDir, env, more, timeoutMs, onLine }: InstallOptions,
): Promise<ChildResult> {
  const cache = cacheOf(envsDir, project);
  const one = randomBytes(8).toString('hex');
  // Not in the cache, where another installation of the project could put something else in its place.
  const tmp = join(envsDir, `.tmp-${one}`);
  const launch = join(envsDir, `.boxed-${one}.json`);
  for (const folder of [cache, tmp]) await mkdir(folder, { recursive: true, mode: 0o700 });
  const ofOperator = filesOfOperator(env ?? {}).filter((path) => !isAround(path, envsDir));
  const readonly = [launcherDir, requirementsPath, ...ofOperator];
  const writable = [target, cache, tmp];
  const isBoxed = boxing.report.level === 'box';
  const way = isBoxed ? await wayToIndex(envsDir, `.way-${one}.sock`, env) : null;
  const network = way ? { proxy: way.socket } : 'none';
  const box = await boxing.ofProgram({ project, python, readonly, writable, tmp, network });
  const ofInstaller = installerEnvironment(cache, isBoxed ? '/tmp' : tmp, way?.environment ?? env);
  try {
    // A file, since command lines can be read by everybody.
    await writeFile(launch, JSON.stringify({ env: ofInstaller, cwd: cache, box }), { mode: 0o600 });
    const script = join(launcherDir, 'build_environment.py');
    return await runChild(python, ['-I', script, target, requirementsPath, 'beside', launch, ...more], {
      cwd: envsDir,
      env: { PATH, LANG: 'C.UTF-8' },
      timeoutMs,
      graceMs: LEAVING_MS,
      watch: atMostOnDisk([target, cache, tmp], MAX_BYTES),
      onLine,
    });
  } finally {
    await way?.close();
    await Promise.all((box?.cgroups ?? []).map((group) => removeGroup(group)));
    await Promise.all([rm(launch, { force: true }), removeTree(tmp)]);
    await markUsed(cache);
  }
}

async function wayToIndex(
  folder: string,
  name: string,
  env: Record<string, string> = {},
): Promise<WayToIndex> {
  const paths = filesOfOperator(env).filter((path) => !NAMES_CERTIFICATES.test(path));
  const files = await Promise.all(paths.map(readShort));
  return openWayToIndex({ folder, name, env, files });
}

/** Empty for what is no file, or none of settings. */
async function readShort(path: string): Promise<string> {
  const { size } = await stat(path);
  return size > MAX_SETTINGS_BYTES ? '' : await readFile(path, 'utf8').catch(() => '');
}

/** What a project's installer keeps of what it downloaded and built; it is cleared away like an environment. */
export function cacheOf(envsDir: string, project: number): string {
  return join(envsDir, `cache-project-${project}`);
}

const PATH = '/usr/local/bin:/usr/bin:/bin';

function installerEnvironment(cache: string, tmp: string, env?: Record<string, string>) {
  return {
    PATH,
    LANG: 'C.UTF-8',
    ...env,
    HOME: cache,
    TMPDIR: tmp,
    PIP_CACHE_DIR: join(cache, 'pip'),
    UV_CACHE_DIR: join(cache, 'uv'),
    // What it keeps stays its own when the environment is taken from it.
    UV_LINK_MODE: 'copy',
    // Nobody is there to answer.
    GIT_TERMINAL_PROMPT: '0',
  };
}

/** Such a folder would show what all projects have. */
function isAround(path: string, directory: string): boolean {
  return `${directory}/`.startsWith(`${path.replace(/\/+$/, '')}/`);
}

/** Longer than any settings of an installer are. */
const MAX_SETTINGS_BYTES = 256 * 1024;
const NAMES_CERTIFICATES = /\.(pem|crt|cer|key)$/;

/** Variables that name files or folders of the operator. */
const NAMES_FILES =
  /^(PIP_(CERT|CLIENT_CERT|CONFIG_FILE|FIND_LINKS|CONSTRAINT|BUILD_CONSTRAINT)|UV_(CONFIG_FILE|FIND_LINKS|CONSTRAINT|BUILD_CONSTRAINT)|SSL_CERT_FILE|REQUESTS_CA_BUNDLE)$/;
const CONFIGURATION = ['/etc/pip.conf', '/etc/xdg/pip/pip.conf', '/etc/uv/uv.toml', '/etc/gitconfig'];

/** What the operator tells installers, as far as it is there. */
export function filesOfOperator(env: Record<string, string>): string[] {
  const named = Object.entries(env).flatMap(([name, value]) =>
    NAMES_FILES.test(name) ? value.split(/[\s,]+/) : [],
  );
  const paths = named.map((path) => path.replace(/^file:\/\//, '')).filter(isAbsolute);
  return [...new Set([...paths, ...CONFIGURATION])].filter(existsSync);
}
