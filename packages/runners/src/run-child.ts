import { type ChildProcess, spawn } from 'node:child_process';
import type { Readable } from 'node:stream';

export interface ChildOptions {
  env: Record<string, string>;
  cwd?: string;
  /** After this the whole process group is killed, ms. */
  timeoutMs: number;
  /** Before that the program itself is asked to end (SIGTERM) and has so long to clean up, ms. */
  graceMs?: number;
  /** Asked every second while it runs: words end it as if its time were over. */
  watch?: () => Promise<string | null>;
  /** Receives each line of standard output and error. */
  onLine?: (line: string) => void;
}

export interface ChildResult {
  /** Null when it was killed. */
  code: number | null;
  timedOut: boolean;
  /** What `watch` said before it was ended. */
  stoppedFor: string | null;
  /** What it wrote to file descriptor 3, at most 8 MiB of it. */
  result: Buffer;
  /** The end of what it wrote to standard output and error. */
  tail: string;
}

const MAX_RESULT_BYTES = 8 * 1024 * 1024;
const MAX_TAIL_BYTES = 4096;
const PIPES_GRACE_MS = 1000;

/**
 * Runs a program in a process group of its own and waits until it and its output have ended. A program that cannot
 * be executed rejects; one that fails does not.
 */
export function runChild(program: string, args: string[], options: ChildOptions): Promise<ChildResult> {
  const child = spawn(program, args, {
    cwd: options.cwd,
    env: options.env,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
  });
  const result = keepHead(child.stdio[3] as Readable);
  const tail = keepTail([child.stdout as Readable, child.stderr as Readable], options.onLine);
  let timedOut = false;
  let stoppedFor: string | null = null;
  let killing: NodeJS.Timeout | undefined;
  const end = (): void => {
    const { graceMs } = options;
    if (graceMs === undefined) killGroup(child);
    else child.kill('SIGTERM');
    if (graceMs !== undefined) killing ??= setTimeout(() => killGroup(child), graceMs);
  };
  const timer = setTimeout(() => {
    timedOut = true;
    end();
  }, options.timeoutMs);
  const stopWatching = watching(options.watch, (words) => {
    stoppedFor = words;
    end();
  });
  const over = (): void => {
    clearTimeout(timer);
    clearTimeout(killing);
    stopWatching();
  };
  return new Promise((resolve, reject) => {
    child.on('error', (error) => {
      over();
      reject(error);
    });
    child.on('exit', () => {
      killGroup(child);
      // What left the group may hold the pipes open for ever.
      setTimeout(() => closePipes(child), PIPES_GRACE_MS).unref();
    });
    child.on('close', (code) => {
      over();
      resolve({ code, timedOut, stoppedFor, result: result(), tail: tail() });
    });
  });
}

const WATCH_MS = 1000;

/** Asks until there are words or nobody wants to know any more. */
function watching(watch: ChildOptions['watch'], onWords: (words: string) => void): () => void {
  let timer: NodeJS.Timeout | undefined;
  let stopped = watch === undefined;
  const next = (): void => {
    timer = setTimeout(() => void look(), WATCH_MS);
  };
  async function look(): Promise<void> {
    const words = (await watch?.().catch(() => null)) ?? null;
    if (stopped) return;
    if (words === null) next();
    else onWords(words);
  }
  if (!stopped) next();
  return () => {
    stopped = true;
    clearTimeout(timer);
  };
}

function closePipes(child: ChildProcess): void {
  for (const stream of child.stdio) stream?.destroy();
}

function killGroup(child: ChildProcess): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, 'SIGKILL');
  } catch {
    // Nobody is left in the group.
  }
}

function keepHead(stream: Readable): () => Buffer {
  const chunks: Buffer[] = [];
  let size = 0;
  stream.on('data', (chunk: Buffer) => {
    if (size < MAX_RESULT_BYTES) chunks.push(chunk.subarray(0, MAX_RESULT_BYTES - size));
    size += chunk.length;
  });
  return () => Buffer.concat(chunks);
}

function keepTail(streams: Readable[], onLine?: (line: string) => void): () => string {
  let tail = '';
  let isCut = false;
  for (const stream of streams) {
    let line = '';
    stream.setEncoding('utf8').on('data', (text: string) => {
      isCut ||= tail.length + text.length > MAX_TAIL_BYTES;
      tail = (tail + text).slice(-MAX_TAIL_BYTES);
      const lines = (line + text).split('\n');
      line = lines.pop()?.slice(-MAX_TAIL_BYTES) ?? '';
      for (const whole of lines) onLine?.(whole);
    });
  }
  // Half a line could hold half of something that has to be masked.
  return () => (isCut && tail.trim().includes('\n') ? tail.slice(tail.indexOf('\n') + 1) : tail).trim();
}
