import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { FaultyS3 } from '@spiderhub/testkit';
import type { TcpProxy } from './tcp-proxy.ts';

/** One process of the service that is started again whenever it ends, as an installation would do. */
export interface Member {
  readonly name: string;
  readonly app: 'api' | 'worker';
  readonly postgres: TcpProxy;
  readonly redis: TcpProxy;
  /** Null where streams are files. */
  readonly s3: FaultyS3 | null;
  readonly pid: number | null;
  /** Ends that nobody here asked for, once the process had become ready. */
  readonly crashes: string[];
  /** Resolves when a process of this name is ready. */
  ready(): Promise<void>;
  /** Sends a signal; `downMs` later it is started again when it ended. */
  signal(signal: NodeJS.Signals, downMs?: number): void;
  /** Ends it for good and returns when it is gone. */
  retire(signal: NodeJS.Signals): Promise<void>;
}

export interface MemberOptions {
  name: string;
  app: 'api' | 'worker';
  checkout: string;
  env: NodeJS.ProcessEnv;
  logDirectory: string;
  postgres: TcpProxy;
  redis: TcpProxy;
  s3: FaultyS3 | null;
}

const RESTART_MS = 300;

export function startMember({
  name,
  app,
  checkout,
  env,
  logDirectory,
  postgres,
  redis,
  s3,
}: MemberOptions): Member {
  const crashes: string[] = [];
  let child: ChildProcess | null = null;
  let retired = false;
  let downMs: number | null = null;
  let asked = false;
  let isReady = false;
  let becameReady: () => void = () => {};
  let ready = nextReady();

  function nextReady(): Promise<void> {
    isReady = false;
    return new Promise((resolve) => {
      becameReady = resolve;
    });
  }

  function start(): void {
    if (retired) return;
    const log = openSync(join(logDirectory, `${name}.log`), 'a');
    const started = spawn(process.execPath, [join(checkout, 'apps', app, 'dist/main.js')], {
      env,
      stdio: ['ignore', log, log, 'ipc'],
    });
    closeSync(log);
    child = started;
    asked = false;
    started.once('message', () => {
      isReady = true;
      becameReady();
    });
    started.once('exit', (code, signal) => {
      child = null;
      if (!asked && isReady) crashes.push(`${name} ended by itself (${signal ?? code})`);
      // Who waits for a process that ends before it is ready waits for the next one.
      if (isReady) ready = nextReady();
      const waitMs = downMs ?? RESTART_MS;
      downMs = null;
      void delay(waitMs).then(start);
    });
  }

  start();
  return {
    name,
    app,
    postgres,
    redis,
    s3,
    crashes,
    get pid() {
      return child?.pid ?? null;
    },
    ready: () => ready,
    signal(signal, down = 0) {
      if (!child) return;
      if (signal !== 'SIGSTOP' && signal !== 'SIGCONT') {
        asked = true;
        downMs = down;
      }
      child.kill(signal);
    },
    async retire(signal) {
      retired = true;
      const last = child;
      if (!last) return;
      asked = true;
      const gone = once(last, 'exit');
      last.kill('SIGCONT');
      last.kill(signal);
      await gone;
    },
  };
}
