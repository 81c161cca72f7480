import { type ExecFileException, execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import type { CliConfig } from '../config.ts';
import type { Finding } from './doctor.ts';

const PATIENCE_MS = 60_000;
const TRIAL = 'localhost/spiderhub-doctor';
/** Two empty blocks: a tar with nothing in it. */
const EMPTY_TAR = Buffer.alloc(1024);

/** What engines say of themselves: Podman's words, then Docker's. */
interface EngineInfo {
  host?: {
    security?: { rootless?: boolean };
    cgroupControllers?: string[] | null;
    ociRuntime?: { name?: string };
  };
  SecurityOptions?: string[];
}

/** Whether images can be run on this machine, and how well they are held. Where no engine is set nobody misses it. */
export async function containerFindings(config: CliConfig): Promise<Finding[]> {
  const { CONTAINER_ENGINE: command } = config;
  if (!command) return [];
  const name = basename(command[0] ?? '');
  const format = name.startsWith('podman') ? 'json' : '{{json .}}';
  const { code, output, error } = await run(command, ['info', '--format', format]);
  if (code !== 0) return [{ state: 'broken', words: `${name} does not answer: ${error}` }];
  const info = JSON.parse(output) as EngineInfo;
  const isRootless =
    info.host?.security?.rootless ??
    info.SecurityOptions?.some((option) => option.includes('rootless')) ??
    false;
  return [...(await trial(command)), ...weaknesses(config, { name, isRootless, info })];
}

/** Starts a container of nothing: a program that is not found in it is one that had got as far as to be looked for. */
async function trial(command: readonly string[]): Promise<Finding[]> {
  const name = basename(command[0] ?? '');
  const folder = mkdtempSync(join(tmpdir(), 'doctor-'));
  try {
    writeFileSync(join(folder, 'empty.tar'), EMPTY_TAR);
    const made = await run(command, ['import', join(folder, 'empty.tar'), TRIAL]);
    if (made.code !== 0) return [{ state: 'broken', words: `${name} keeps no image: ${made.error}` }];
    const bounds = ['--memory=64m', '--pids-limit=16', '--ulimit=nofile=1024:1024', '--ulimit=nproc=256:256'];
    const started = await run(command, ['run', '--rm', '--network=none', ...bounds, TRIAL, '/none']);
    if (/not found|no such file/i.test(started.error))
      return [{ state: 'ok', words: `${name} starts containers` }];
    return [
      {
        state: 'broken',
        words: `${name} starts no container: ${started.error}`,
        mend: mendOf(started.error),
      },
    ];
  } finally {
    rmSync(folder, { recursive: true });
    await run(command, ['rmi', '--force', TRIAL]);
  }
}

/** What this engine does not do for the crawls that it runs. */
function weaknesses(
  { ISOLATION }: CliConfig,
  { name, isRootless, info }: { name: string; isRootless: boolean; info: EngineInfo },
): Finding[] {
  const found: Finding[] = [];
  const weak = (words: string, mend?: string) => found.push({ state: 'weak', words, mend });
  if (ISOLATION !== 'none' && (isRootless || !name.startsWith('podman')))
    weak(
      `${isRootless ? `${name} without root` : name} cannot keep crawls from networks that are not public, so jobs of images fail`,
      'run workers and Podman as root, or accept it with ISOLATION=none',
    );
  const controllers = info.host?.cgroupControllers;
  for (const part of ['memory', 'pids'])
    if (controllers && isRootless && !controllers.includes(part))
      weak(
        `${name} cannot limit ${part}`,
        `delegate the controller ${part} to this user (systemd: Delegate=yes)`,
      );
  return found;
}

function mendOf(error: string): string | undefined {
  if (/hybrid|cgroup/i.test(error))
    return 'CONTAINER_ENGINE="podman --runtime runc --cgroup-manager cgroupfs" (apt-get install runc)';
  if (/rlimit/i.test(error)) return 'run the worker where its limits may be set, or with runc as runtime';
  return undefined;
}

function run(
  [program = '', ...options]: readonly string[],
  args: string[],
): Promise<{ code: number; output: string; error: string }> {
  return new Promise((resolve) => {
    execFile(
      program,
      [...options, ...args],
      { timeout: PATIENCE_MS },
      (failure: ExecFileException | null, output, error) => {
        const last = error.trim().split('\n').at(-1);
        resolve({ code: failure ? 1 : 0, output, error: last || failure?.message || '' });
      },
    );
  });
}
