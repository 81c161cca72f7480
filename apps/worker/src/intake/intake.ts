import type { Service } from '@spiderhub/platform';
import { createSignalListener, createTicketReceiver } from '@spiderhub/queue';
import { CLOSE_MS, type RedisAccess } from '../connections.ts';
import { within } from '../within.ts';

export interface IntakeOptions {
  redis: RedisAccess;
  worker: { id: string; slots: number };
  /** Works on a ticket; as many at once as there are slots. */
  work: (id: number, attempt: number) => Promise<void>;
  /** There is something to admit. */
  onWake: () => void;
  /** A crawl of this worker was asked to stop. */
  onStop: () => void;
  /** Something happened. */
  onEvent: () => void;
  /** Tickets may come from now on. */
  onOpen: () => void;
}

/** What reaches a worker through Redis: tickets of attempts, and hints that let it look at Postgres sooner. */
export function createIntake({
  redis,
  worker,
  work,
  onWake,
  onStop,
  onEvent,
  onOpen,
}: IntakeOptions): Service {
  const closers: (() => unknown)[] = [];
  return {
    name: 'intake',
    async start() {
      const receiver = createTicketReceiver({ ...redis, slots: worker.slots, work });
      const listener = createSignalListener({
        ...redis,
        onWake,
        onStop: (id) => id === worker.id && onStop(),
        onEvent,
      });
      closers.push(
        () => within(AbortSignal.timeout(CLOSE_MS), receiver.close()).catch(() => undefined),
        () => listener.close(),
      );
      onOpen();
    },
    async stop() {
      for (const close of closers.splice(0)) await close();
    },
  };
}
