import { watch } from 'node:fs';
import { join } from 'node:path';

/** Changes of files, numbered from 1. */
export interface Changes {
  /** Number of the last one, 0 before the first. */
  readonly last: number;
  /** Path of the file that the last one was of; several at once count as one. */
  readonly file: string;
  /** Resolves once there was a change after the one with this number. */
  after(number: number): Promise<void>;
  close(): void;
}

/** An editor, or git, touches several files at once: they are one change. */
const TOGETHER_MS = 100;
const NO_SOURCE = /\.test\.ts$|(^|\/)__pycache__(\/|$)|~$|\.sw.$/;

/** Watches sources below folders; tests and what editors leave are none. */
export function watchFolders(folders: readonly string[]): Changes {
  let last = 0;
  let changed = '';
  let timer: NodeJS.Timeout | undefined;
  let waiting: (() => void)[] = [];

  function count(): void {
    last += 1;
    for (const resolve of waiting.splice(0)) resolve();
  }

  const watchers = folders.map((folder) =>
    watch(folder, { recursive: true, persistent: false }, (_event, file) => {
      if (file === null || NO_SOURCE.test(file)) return;
      changed = join(folder, file);
      clearTimeout(timer);
      timer = setTimeout(count, TOGETHER_MS).unref();
    }),
  );

  return {
    get last() {
      return last;
    },
    get file() {
      return changed;
    },
    after(number) {
      return new Promise((resolve) => {
        if (last > number) resolve();
        else waiting.push(resolve);
      });
    },
    close() {
      clearTimeout(timer);
      for (const watcher of watchers) watcher.close();
      waiting = [];
    },
  };
}
