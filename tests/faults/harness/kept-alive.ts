import type { ChildProcess } from 'node:child_process';
import { setTimeout as delay } from 'node:timers/promises';

/** A process that is started again whenever it ends, as an installation would do. */
export interface KeptAlive {
  /** Null between an end and the next start. */
  readonly child: ChildProcess | null;
  /** Ends that nobody here asked for, once the process had become ready. */
  readonly crashes: string[];
  /** Resolves when a process of this name is ready. */
  ready(): Promise<void>;
  /** The next end is asked for, and after that it is away for so long, ms. */
  expectEnd(downMs: number): void;
  /** It is started no more. */
  letGo(): void;
}

/** `start` makes the process, which sends a message when it is ready; `restartMs`: the pause after an end of its own. */
export function keepAlive(name: string, restartMs: number, start: () => ChildProcess): KeptAlive {
  const crashes: string[] = [];
  let child: ChildProcess | null = null;
  let isWanted = true;
  let downMs = restartMs;
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

  function next(): void {
    if (!isWanted) return;
    child = start();
    asked = false;
    child.once('message', () => {
      isReady = true;
      becameReady();
    });
    child.once('exit', (code, signal) => {
      child = null;
      if (!asked && isReady) crashes.push(`${name} ended by itself (${signal ?? code})`);
      // Who waits for a process that ends before it is ready waits for the next one.
      if (isReady) ready = nextReady();
      const waitMs = downMs;
      downMs = restartMs;
      void delay(waitMs).then(next);
    });
  }

  next();
  return {
    get child() {
      return child;
    },
    crashes,
    ready: () => ready,
    expectEnd(ms) {
      asked = true;
      downMs = ms;
    },
    letGo() {
      isWanted = false;
    },
  };
}
