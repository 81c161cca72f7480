import { EventEmitter } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { type ApiServer, ApiServerError } from './api-server.ts';
import type { Pod } from './pod.ts';

/** Knows the Pods of this installation, as the API server tells of them. */
export interface PodWatch {
  /** Resolves once all of them are known. */
  start(): Promise<void>;
  stop(): void;
  all(): Pod[];
  /** One that was just made, which the watch may not have told of yet. */
  add(pod: Pod): void;
  /** Resolves with what `look` makes of the Pod, null when it is gone, as soon as that is something. */
  until<T>(name: string, look: (pod: Pod | null) => T | null, signal?: AbortSignal): Promise<T>;
}

interface PodList {
  metadata: { resourceVersion: string };
  items: Pod[];
}
interface WatchEvent {
  type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK' | 'ERROR';
  object: Pod & { code?: number };
}

const PAUSE_MS = 1000;

export function createPodWatch(api: ApiServer, path: string, onError: (error: unknown) => void): PodWatch {
  const pods = new Map<string, Pod>();
  const changes = new EventEmitter().setMaxListeners(0);
  const stopping = new AbortController();

  function set(pod: Pod): void {
    pods.set(pod.metadata.name, pod);
    changes.emit(pod.metadata.name);
  }
  function forget(name: string): void {
    pods.delete(name);
    changes.emit(name);
  }

  /** Returns from where to watch. */
  async function list(): Promise<string> {
    const before = [...pods.keys()];
    const { metadata, items } = await api.call<PodList>('GET', path);
    const there = new Set(items.map((pod) => pod.metadata.name));
    for (const pod of items) set(pod);
    // One that was made while the list was, is in neither.
    for (const name of before) if (!there.has(name)) forget(name);
    return metadata.resourceVersion;
  }

  async function follow(from: string): Promise<void> {
    let version = from;
    while (!stopping.signal.aborted) {
      const query = `${path}&allowWatchBookmarks=true&resourceVersion=${version}`;
      for await (const { type, object } of api.watch<WatchEvent>(query, stopping.signal)) {
        if (type === 'ERROR') throw new ApiServerError(object.code ?? 500, 'the watch has ended');
        version = object.metadata.resourceVersion ?? version;
        if (type === 'DELETED') forget(object.metadata.name);
        else if (type !== 'BOOKMARK') set(object);
      }
    }
  }

  async function keep(first: string): Promise<void> {
    let from: string | null = first;
    while (!stopping.signal.aborted) {
      try {
        from ??= await list();
        await follow(from);
      } catch (error) {
        if (stopping.signal.aborted) return;
        // What happened long ago is not told any more (410): all of it is asked for again.
        from = null;
        if (!(error instanceof ApiServerError && error.status === 410)) onError(error);
        await sleep(PAUSE_MS, undefined, { ref: false });
      }
    }
  }

  return {
    async start() {
      const from = await list();
      void keep(from);
    },
    stop: () => stopping.abort(),
    all: () => [...pods.values()],
    add(pod) {
      if (!pods.has(pod.metadata.name)) set(pod);
    },
    until: (name, look, signal) =>
      untilSeen({ changes, name, look: () => look(pods.get(name) ?? null), signal }),
  };
}

function untilSeen<T>({
  changes,
  name,
  look,
  signal,
}: {
  changes: EventEmitter;
  name: string;
  look: () => T | null;
  signal: AbortSignal | undefined;
}): Promise<T> {
  return new Promise((resolve, reject) => {
    const check = () => {
      try {
        const found = look();
        if (found === null) return;
        resolve(found);
      } catch (error) {
        reject(error as Error);
      }
      finish();
    };
    const abort = () => {
      finish();
      reject(signal?.reason as Error);
    };
    const finish = () => {
      changes.off(name, check);
      signal?.removeEventListener('abort', abort);
    };
    changes.on(name, check);
    signal?.addEventListener('abort', abort);
    if (signal?.aborted) abort();
    else check();
  });
}
