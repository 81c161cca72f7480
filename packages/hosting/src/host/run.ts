import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';
import { inherited } from '../environment.ts';
import { tail } from '../say.ts';

export interface RunResult {
  /** Null when a signal ended it or it could not be started. */
  code: number | null;
  /** Standard output. */
  stdout: string;
  /** Standard output and standard error as they came. */
  output: string;
}

const running = new Set<ChildProcess>();
let ending = false;

/** Ends programs that still run, and starts no more: for a process that is asked to end. */
export function endRuns(): void {
  ending = true;
  for (const child of running) child.kill('SIGKILL');
}

/** Runs a program to its end, without standard input. Never throws: a program that is missing has no code. */
export function run(
  command: string,
  args: readonly string[],
  options: SpawnOptions = {},
): Promise<RunResult> {
  if (ending) return Promise.resolve({ code: null, stdout: '', output: 'interrupted' });
  return new Promise((resolve) => {
    let stdout = '';
    let output = '';
    const child = spawn(command, args, { env: inherited, ...options, stdio: ['ignore', 'pipe', 'pipe'] });
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
      output += text;
    });
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
    running.add(child);
    child.on('error', (error) => {
      running.delete(child);
      resolve({ code: null, stdout, output: output + error.message });
    });
    child.on('close', (code) => {
      running.delete(child);
      resolve({ code, stdout, output });
    });
  });
}

/** Like `run`, but a program that fails throws with the tail of what it said. */
export async function runOrThrow(
  command: string,
  args: readonly string[],
  options: SpawnOptions = {},
): Promise<string> {
  const { code, stdout, output } = await run(command, args, options);
  if (code !== 0) throw new Error(`${command} failed (${code ?? 'no exit code'}):\n${tail(output)}`);
  return stdout;
}
