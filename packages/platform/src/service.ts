import type { Logger } from './logger.ts';

/** A part of a process that starts and stops. */
export interface Service {
  readonly name: string;
  /** Returns once the service works, or throws. */
  start(): Promise<void>;
  /**
   * Returns when the service has really stopped. `deadline` aborts when waiting politely must end.
   * Stopping twice, or before the start, is fine.
   */
  stop(deadline: AbortSignal): Promise<void>;
}

export interface RunOptions {
  log: Logger;
  /** How long all services together may take to stop, in ms. */
  graceMs?: number;
  /** Called when everything works. */
  onReady?: () => void;
}

const DEFAULT_GRACE_MS = 20_000;
const STOP_SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/**
 * Starts services in order and stops them in reverse when the process is asked to end or one fails to start.
 * Returns when all have stopped; sets the exit code to 1 when something failed. A second signal exits at once.
 * Only for `main`: nothing else listens for signals.
 */
export async function runServices(services: readonly Service[], options: RunOptions): Promise<void> {
  const { log, graceMs = DEFAULT_GRACE_MS, onReady } = options;
  const asked = stopRequest();
  const started: Service[] = [];
  try {
    for (const service of services) {
      if (asked.signal !== null) break;
      started.push(service);
      await service.start();
    }
    if (asked.signal === null) onReady?.();
    log.info({ signal: await asked.promise }, 'stopping');
  } catch (error) {
    process.exitCode = 1;
    log.fatal({ err: error }, 'cannot start');
  }
  await stopAll(started.reverse(), AbortSignal.timeout(graceMs), log);
}

async function stopAll(services: Service[], deadline: AbortSignal, log: Logger): Promise<void> {
  for (const service of services) {
    try {
      await service.stop(deadline);
    } catch (error) {
      process.exitCode = 1;
      log.error({ err: error, service: service.name }, 'service did not stop cleanly');
    }
  }
}

export interface StopRequest {
  /** The signal that came, null until then. */
  signal: NodeJS.Signals | null;
  readonly promise: Promise<NodeJS.Signals>;
}

/** npm passes on a Ctrl-C that the terminal has already sent to the whole group: both are one wish. */
const SAME_WISH_MS = 1000;

/** Listens for the signals that end a process; one that comes again, a second or more later, exits at once. */
export function stopRequest(exit: () => void = () => process.exit(130)): StopRequest {
  const { promise, resolve } = promiseOf<NodeJS.Signals>();
  const request: StopRequest = { signal: null, promise };
  let firstAt = 0;
  for (const name of STOP_SIGNALS) {
    process.on(name, () => {
      if (request.signal === null) {
        request.signal = name;
        firstAt = performance.now();
        resolve(name);
      } else if (performance.now() - firstAt >= SAME_WISH_MS) exit();
    });
  }
  return request;
}

function promiseOf<T>(): { promise: Promise<T>; resolve: (value: T) => void } {
  let resolve: (value: T) => void = () => {};
  const promise = new Promise<T>((done) => {
    resolve = done;
  });
  return { promise, resolve };
}
