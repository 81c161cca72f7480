import { type ChildProcess, spawn } from 'node:child_process';
import {
  closeSync,
  constants,
  fstatSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { type ProcessId, processId } from '@spiderhub/platform';
import { say, tail } from '../say.ts';
import { type Account, spawnAs } from './account.ts';
import { endProcess, signalQuietly } from './end-process.ts';
import type { Home } from './home.ts';

/** A server that belongs to an installation: Postgres, Redis, the API, a worker. */
export interface ServerSpec {
  name: string;
  command: string;
  args: readonly string[];
  env: NodeJS.ProcessEnv;
  account: Account | null;
  /** What asks it to end in an orderly way. */
  stopSignal: NodeJS.Signals;
  /** What ends it at once; Postgres must not be killed. */
  killSignal: NodeJS.Signals;
  /** How long it may take to end, in ms. */
  graceMs: number;
  /** It is a Node program of ours that tells its parent when it is ready. */
  tellsReady?: boolean;
}

/** How a server ended, in words. */
type Ending = string;

export interface Server {
  readonly spec: ServerSpec;
  /** Undefined when the program could not be executed. */
  readonly pid: number | undefined;
  /** Settles when the process has ended, for whatever reason. */
  readonly ended: Promise<Ending>;
  /** What a server that `tellsReady` said when it was. */
  readonly ready: Promise<Record<string, unknown>>;
  stop(): Promise<void>;
  /** The last lines that it wrote to its log since it was started. */
  lastWords(): string;
}

/** The servers that this process started, also written down so that the next one can end them after a crash. */
export interface Servers {
  /** True from `stopAll` on: nothing starts any more. */
  readonly closing: boolean;
  /** Throws when closing. */
  start(spec: ServerSpec): Server;
  /** Stops all servers, the last started first, and returns when they have ended. */
  stopAll(): Promise<void>;
  /** For a second Ctrl-C: everything ends now. */
  killAll(): void;
  /** Ends servers that an earlier process of this home left behind. */
  endLeftovers(): Promise<void>;
}

interface Running {
  server: Server;
  id: ProcessId;
}

const LEFTOVER_GRACE_MS = 15_000;

export function createServers(home: Home): Servers {
  const file = join(home.path, 'processes.json');
  /** Names in the order of their first start: one that was started again keeps its place. */
  const order: string[] = [];
  const running = new Map<string, Running>();
  let closing = false;

  function inOrder(): Running[] {
    return order.map((name) => running.get(name)).filter((each) => each !== undefined);
  }

  function writeDown(): void {
    const list = inOrder().map(({ server, id }) => ({
      name: server.spec.name,
      id,
      signal: server.spec.stopSignal,
    }));
    if (list.length === 0) rmSync(file, { force: true });
    else writeOver(file, JSON.stringify(list));
  }

  function note(server: Server, pid: number): void {
    const { name } = server.spec;
    running.set(name, { server, id: processId(pid) });
    if (!order.includes(name)) order.push(name);
    writeDown();
    void server.ended.then(() => {
      if (running.get(name)?.server === server) running.delete(name);
      writeDown();
    });
  }

  return {
    get closing() {
      return closing;
    },
    start(spec) {
      if (closing) throw new Error('closing');
      const log = join(home.logs, `${spec.name}.log`);
      const { child, logFrom } = launch(spec, log);
      const server = serverOf(child, spec, () => tail(readIfThere(log, logFrom)));
      if (child.pid !== undefined) note(server, child.pid);
      return server;
    },
    async stopAll() {
      closing = true;
      for (const { server } of inOrder().reverse()) await server.stop();
    },
    killAll() {
      for (const { server, id } of running.values()) signalQuietly(id.pid, server.spec.killSignal);
    },
    async endLeftovers() {
      for (const { name, id, signal } of readLeftovers(file)) {
        const ended = await endProcess(id, signal, LEFTOVER_GRACE_MS);
        if (ended) sweep(id.pid);
        if (ended) say(`Ended ${name} (process ${id.pid}), left over from an earlier start`);
      }
      rmSync(file, { force: true });
    },
  };
}

/** More than the list of all servers takes. */
const LIST_BYTES = 4096;

/** In the room that the file has: a disk that is full by now must not end everything when a server ends. */
function writeOver(file: string, text: string): void {
  const handle = openSync(file, constants.O_WRONLY | constants.O_CREAT, 0o600);
  try {
    writeFileSync(handle, text.padEnd(LIST_BYTES));
  } finally {
    closeSync(handle);
  }
}

/** In a process group of its own: Ctrl-C at the terminal is for us, we stop servers in their order. */
function launch(spec: ServerSpec, log: string): { child: ChildProcess; logFrom: number } {
  rotate(log);
  const output = openSync(log, 'a', 0o600);
  try {
    // What stands there already is of earlier starts.
    const logFrom = fstatSync(output).size;
    const child = spawn(spec.command, spec.args, {
      ...spawnAs(spec.account),
      env: spec.env,
      detached: true,
      stdio: spec.tellsReady ? ['ignore', output, output, 'ipc'] : ['ignore', output, output],
    });
    return { child, logFrom };
  } finally {
    closeSync(output);
  }
}

function serverOf(child: ChildProcess, spec: ServerSpec, lastWords: () => string): Server {
  const ended = new Promise<Ending>((resolve) => {
    child.on('error', (error) => resolve(error.message));
    child.on('exit', (code, signal) => {
      sweep(child.pid);
      resolve(signal ? `signal ${signal}` : `exit code ${code}`);
    });
  });
  return {
    spec,
    pid: child.pid,
    ended,
    ready: new Promise((resolve) => {
      child.once('message', (said) => resolve(said as Record<string, unknown>));
    }),
    async stop() {
      child.kill(spec.stopSignal);
      const timer = setTimeout(() => child.kill(spec.killSignal), spec.graceMs);
      await ended;
      clearTimeout(timer);
    },
    lastWords,
  };
}

/** Ends what a server left in its process group. Crawls have groups of their own: they outlive a worker on purpose. */
function sweep(pid: number | undefined): void {
  if (pid !== undefined) signalQuietly(-pid, 'SIGKILL');
}

interface Leftover {
  name: string;
  id: ProcessId;
  signal: NodeJS.Signals;
}

/** Last started first, so that a worker ends before the database it uses. */
function readLeftovers(file: string): Leftover[] {
  try {
    return (JSON.parse(readIfThere(file)) as Leftover[]).reverse();
  } catch {
    return [];
  }
}

function readIfThere(file: string, from = 0): string {
  try {
    return readFileSync(file).subarray(from).toString();
  } catch {
    return '';
  }
}

const MAX_LOG_BYTES = 10_000_000;

function rotate(log: string): void {
  try {
    if (statSync(log).size > MAX_LOG_BYTES) renameSync(log, `${log}.1`);
  } catch {
    // No log yet.
  }
}
