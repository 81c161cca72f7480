import { setTimeout as sleep } from 'node:timers/promises';
import type { Signals } from '@spiderhub/core';
import type { RedisOptions } from 'ioredis';
import { connectRedis } from './connection.ts';
import type { QueueOptions } from './tickets.ts';

const WAKE = 'wake';
const STOP = 'stop';
const EVENT = 'event';

export interface SignalSender extends Signals {
  /** Settles when Redis answers. Rejects when it is away. */
  ping(): Promise<void>;
  close(): void;
}

/** A leader that hears this often looks at the queue this often; in a burst of jobs more would only cost everybody. */
const WAKE_GAP_MS = 5;
/** What happens within this time is told as one. */
const EVENT_GAP_MS = 50;

/** Publishes hints. Wake-ups are joined: the first goes at once, those that follow it shortly go as one. */
export function createSignalSender({ redis, prefix, onError }: QueueOptions): SignalSender {
  const connection = connectRedis(redis, onError ? { onError } : {});
  let waking = false;
  let wakeAgain = false;
  let telling = false;

  async function wake(): Promise<void> {
    waking = true;
    do {
      wakeAgain = false;
      await connection.publish(`${prefix}:${WAKE}`, '').catch(() => 0);
      await sleep(WAKE_GAP_MS);
    } while (wakeAgain);
    waking = false;
  }

  return {
    wakeLeader() {
      if (waking) wakeAgain = true;
      else void wake();
    },
    stopRequested(workerId) {
      connection.publish(`${prefix}:${STOP}`, workerId).catch(() => 0);
    },
    happened() {
      if (telling) return;
      telling = true;
      setTimeout(() => {
        telling = false;
        connection.publish(`${prefix}:${EVENT}`, '').catch(() => 0);
      }, EVENT_GAP_MS).unref();
    },
    async ping() {
      await connection.ping();
    },
    close() {
      connection.disconnect();
    },
  };
}

export interface SignalListener {
  close(): void;
}

interface ListenerOptions {
  redis: RedisOptions;
  prefix: string;
  onWake?: () => void;
  /** Some job of this worker is asked to stop; which one, Postgres tells. */
  onStop?: (workerId: string) => void;
  /** Something happened, or is about to: any of the hints. */
  onEvent?: () => void;
  onError?: (error: Error) => void;
}

/** Hears hints for as long as Redis is there, and again when it is back. */
export function createSignalListener({
  redis,
  prefix,
  onWake,
  onStop,
  onEvent,
  onError,
}: ListenerOptions): SignalListener {
  const connection = connectRedis(redis, { blocking: true, ...(onError && { onError }) });
  connection.on('message', (channel: string, text: string) => {
    if (channel === `${prefix}:${WAKE}`) onWake?.();
    else if (channel === `${prefix}:${STOP}`) onStop?.(text);
    onEvent?.();
  });
  const channels = [
    ...(onWake || onEvent ? [`${prefix}:${WAKE}`] : []),
    ...(onStop || onEvent ? [`${prefix}:${STOP}`] : []),
    ...(onEvent ? [`${prefix}:${EVENT}`] : []),
  ];
  connection.subscribe(...channels).catch(() => 0);
  return { close: () => connection.disconnect() };
}
