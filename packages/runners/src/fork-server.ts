import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdir } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import type { Shim } from './shim-process.ts';

export interface ForkServerOptions {
  /** Python of the base environment. */
  python: string;
  /** Absolute path of `python/launcher`. */
  launcherDir: string;
  /** Where its socket lies; only this process's user may enter it. */
  directory: string;
  /** Receives trouble of the server. */
  log?: (message: string, details?: Record<string, unknown>) => void;
}

/** A Python process that has imported Scrapy already and becomes a crawl by forking. It ends with this process. */
export interface ForkServer {
  /** Process id; null while none runs. */
  pid(): number | null;
  /** Whether the first start succeeded. */
  ready: Promise<boolean>;
  /**
   * Starts the shim of a job directory that holds its launch.json. Null when nothing was started: the server is not
   * ready, or this crawl needs a Python of its own.
   */
  start(directory: string): Promise<Shim | null>;
  /** Ends the server; what it has started goes on. */
  close(): Promise<void>;
}

/** A socket's address has room for 108 bytes. */
const MAX_PATH_BYTES = 100;
/** The time in which the server has to answer, ms. Then the crawl is started without it. */
const PATIENCE_MS = 5000;
/** Pause before a server that ended is started again, ms. */
const RESTART_MS = 10_000;

/**
 * What Python reads at its start, as a crawl has it. A crawl's process writes its mark, which holds a path, over the
 * room (see `killLeftovers`).
 */
const ENVIRONMENT = { LANG: 'C.UTF-8', PYTHONUNBUFFERED: '1', SPIDERHUB_ROOM: ' '.repeat(4200) };

/** Starts the server at once and again whenever it ends. Where it cannot work it never gets ready. */
export function createForkServer(options: ForkServerOptions): ForkServer {
  let running: RunningServer | null = null;
  let closed = false;
  let restart: NodeJS.Timeout | undefined;

  async function run(): Promise<boolean> {
    const server = await startServer(options);
    if (!server) return false;
    if (closed) server.stop();
    running = server;
    void server.ended.then(() => {
      running = null;
      if (closed) return;
      options.log?.('the fork server ended, crawls start without it for a while');
      restart = setTimeout(() => void runQuietly(), RESTART_MS).unref();
    });
    return server.ready;
  }

  async function runQuietly(): Promise<boolean> {
    return run().catch((error: unknown) => {
      options.log?.('the fork server could not be started', { error });
      return false;
    });
  }

  const ready = runQuietly();
  return {
    ready,
    pid: () => running?.pid ?? null,
    async start(directory) {
      if (!running?.isReady()) return null;
      return requestShim(running.path, directory);
    },
    async close() {
      closed = true;
      clearTimeout(restart);
      await ready;
      running?.stop();
      await running?.ended;
    },
  };
}

interface RunningServer {
  path: string;
  pid: number;
  isReady(): boolean;
  /** False when it ended instead. */
  ready: Promise<boolean>;
  ended: Promise<void>;
  stop(): void;
}

/** Null where it cannot work. Forking a process that has loaded much is only safe on Linux. */
async function startServer({
  python,
  launcherDir,
  directory,
  log,
}: ForkServerOptions): Promise<RunningServer | null> {
  const path = join(directory, `fork-${randomBytes(4).toString('hex')}.sock`);
  if (process.platform !== 'linux' || Buffer.byteLength(path) > MAX_PATH_BYTES) {
    log?.('there is no fork server: it needs Linux and a short path', { path });
    return null;
  }
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const child = spawn(python, [join(launcherDir, 'fork_server.py'), path], {
    cwd: directory,
    detached: true,
    stdio: 'pipe',
    env: { ...ENVIRONMENT, HOME: directory },
  });
  createInterface({ input: child.stderr }).on('line', (line) => log?.('fork server', { line }));
  letGo(child);
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  await once(child, 'spawn');
  let isReady = false;
  const ready = new Promise<boolean>((resolve) => {
    child.stdout.once('data', () => {
      isReady = true;
      resolve(true);
    });
    void ended.then(() => resolve(false));
  });
  return {
    path,
    pid: child.pid as number,
    isReady: () => isReady,
    ready,
    ended,
    stop: () => child.stdin.end(),
  };
}

/** Neither the server nor its pipes keep this process alive. Its standard input ends with us, however we end. */
function letGo(child: ChildProcess): void {
  child.unref();
  for (const stream of child.stdio as (Readable | Socket)[]) (stream as Socket).unref();
  child.stdin?.on('error', () => {});
}

/** As long as the connection stands, the shim lives: nobody else has its other end. */
function requestShim(path: string, directory: string): Promise<Shim | null> {
  return new Promise((resolve) => {
    const socket = connect(path, () => socket.write(`${directory}\n`));
    const gone = new Promise<void>((closed) => socket.once('close', () => closed()));
    const timer = setTimeout(() => socket.destroy(), PATIENCE_MS);
    // "close" follows.
    socket.on('error', () => {});
    socket.once('data', () => {
      clearTimeout(timer);
      socket.write('go\n');
      socket.unref();
      resolve({ gone });
    });
    // A shim that was not told to go never begins, even if it is only late.
    socket.once('close', () => {
      clearTimeout(timer);
      resolve(null);
    });
  });
}
