import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { join } from 'node:path';
import type { FaultyS3 } from '@spiderhub/testkit';
import { keepAlive } from './kept-alive.ts';
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
  const kept = keepAlive(name, RESTART_MS, () => {
    const log = openSync(join(logDirectory, `${name}.log`), 'a');
    const started = spawn(process.execPath, [join(checkout, 'apps', app, 'dist/main.js')], {
      env,
      stdio: ['ignore', log, log, 'ipc'],
    });
    closeSync(log);
    return started;
  });

  return {
    name,
    app,
    postgres,
    redis,
    s3,
    crashes: kept.crashes,
    get pid() {
      return kept.child?.pid ?? null;
    },
    ready: kept.ready,
    signal(signal, downMs = 0) {
      const { child } = kept;
      if (!child) return;
      if (signal !== 'SIGSTOP' && signal !== 'SIGCONT') kept.expectEnd(downMs);
      child.kill(signal);
    },
    async retire(signal) {
      kept.letGo();
      const last = kept.child;
      if (!last) return;
      kept.expectEnd(0);
      const gone = once(last, 'exit');
      last.kill('SIGCONT');
      last.kill(signal);
      await gone;
    },
  };
}
