import { spawn } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { BoxDescription } from '../description.ts';

export interface TryOptions {
  /** Python of the base environment, which enters the box and runs in it. */
  python: string;
  /** Absolute path of `python/launcher`. */
  launcherDir: string;
  /** Where the trial lies, below SPIDERHUB_HOME as crawls do. */
  directory: string;
}

/** What it is to see of itself, as JSON. */
const INSIDE = `
import json, os
status = dict(line.split(':', 1) for line in open('/proc/self/status') if ':' in line)
open('file', 'w').close()
print(json.dumps({'uid': os.getuid(), 'rights': int(status['CapEff'], 16) + int(status['CapBnd'], 16),
    'filtered': status['Seccomp'].strip() == '2', 'processes': sum(name.isdigit() for name in os.listdir('/proc'))}))
`;

interface Inside {
  uid: number;
  rights: number;
  filtered: boolean;
  processes: number;
}

/** A trial that takes longer is one that failed, ms. */
const PATIENCE_MS = 30_000;

/**
 * Runs a tiny program in a box like a crawl's. Null when it was really in there; else the system's words for what went
 * wrong, on one line.
 */
export async function tryLevel(
  describe: (paths: { home: string; tmp: string }) => Promise<BoxDescription>,
  options: TryOptions,
): Promise<string | null> {
  await mkdir(options.directory, { recursive: true });
  const directory = await mkdtemp(join(options.directory, 'probe-'));
  try {
    const [home, tmp] = [join(directory, 'home'), join(directory, 'tmp')];
    await Promise.all([mkdir(home, { mode: 0o700 }), mkdir(tmp, { mode: 0o700 })]);
    const box = await describe({ home, tmp });
    const launch = { argv: [options.python, '-I', '-c', INSIDE], env: { HOME: home }, cwd: home, box };
    const file = join(directory, 'launch.json');
    await writeFile(file, JSON.stringify(launch), { mode: 0o600 });
    const run = await runQuietly(options.python, [
      '-I',
      '-S',
      join(options.launcherDir, 'box_exec.py'),
      file,
    ]);
    return run.code === 0 ? doubts(JSON.parse(run.output) as Inside, box) : lastLine(run.output, run.code);
  } catch (error) {
    return error instanceof Error ? error.message.split('\n', 1)[0] || error.name : String(error);
  } finally {
    await rm(directory, { recursive: true, force: true, maxRetries: 5 });
  }
}

function doubts(inside: Inside, box: BoxDescription): string | null {
  const uid = box.uid ?? process.getuid?.();
  if (inside.uid !== uid) return `the trial ran as user ${inside.uid}, not ${uid}`;
  if (inside.rights !== 0) return 'the trial kept rights';
  if (box.seccomp && !inside.filtered) return 'the trial could make any system call';
  // The first process of the box, and the trial.
  if (box.level === 'box' && inside.processes !== 2) return 'the trial saw processes of others';
  return null;
}

function lastLine(output: string, code: number | null): string {
  return output.trim().split('\n').at(-1) || `the trial ended with ${code ?? 'a signal'}`;
}

function runQuietly(program: string, args: string[]): Promise<{ code: number | null; output: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      env: {},
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: PATIENCE_MS,
      killSignal: 'SIGKILL',
    });
    let output = '';
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (data: Buffer) => {
        output += data.toString();
      });
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, output }));
  });
}
