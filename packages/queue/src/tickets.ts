import type { Ticket } from '@spiderhub/core';
import { Queue, Worker } from 'bullmq';
import type { RedisOptions } from 'ioredis';
import { z } from 'zod';
import { connectRedis } from './connection.ts';

/** Tickets for crawls: an attempt of a job each. A ticket grants nothing, so losing or repeating one is harmless. */
const CRAWL_QUEUE = 'crawls';

const TicketData = z.object({ id: z.int().positive(), attempt: z.int().positive() });

export interface QueueOptions {
  redis: RedisOptions;
  /** Namespace of all keys of this installation. */
  prefix: string;
  onError?: (error: Error) => void;
}

export interface TicketSender {
  /** Adding a ticket that is still there does nothing; one that Redis lost is restored. Rejects when Redis is away. */
  send(tickets: Ticket[]): Promise<void>;
  close(): Promise<void>;
}

/** BullMQ's 1 is its highest priority and 0 jumps every queue, so 4..0 become 1..5. */
function bullPriority(priority: number): number {
  return 5 - priority;
}

/** Whole numbers are no legal BullMQ ids; the attempt makes a re-admission a new ticket. */
function ticketId({ id, attempt }: Ticket): string {
  return `${id}-${attempt}`;
}

export function createTicketSender({ redis, prefix, onError }: QueueOptions): TicketSender {
  const connection = connectRedis(redis, onError ? { onError } : {});
  const queue = new Queue(CRAWL_QUEUE, {
    connection,
    prefix,
    streams: { events: { maxLen: 100 } },
    defaultJobOptions: { attempts: 1, removeOnComplete: true, removeOnFail: true },
  });
  queue.on('error', onError ?? (() => {}));
  return {
    async send(tickets) {
      if (tickets.length === 0) return;
      await queue.addBulk(
        tickets.map((ticket) => ({
          name: 'crawl',
          data: { id: ticket.id, attempt: ticket.attempt },
          opts: { jobId: ticketId(ticket), priority: bullPriority(ticket.priority) },
        })),
      );
    },
    async close() {
      await queue.close();
      connection.disconnect();
    },
  };
}

export interface TicketReceiver {
  /** Takes no more tickets; does not wait for crawls under way. */
  close(): Promise<void>;
}

export interface ReceiverOptions extends QueueOptions {
  /** Tickets that are worked on at the same time. */
  slots: number;
  /** Settles when the attempt is over. What it rejects with is only reported: Postgres decides about failures. */
  work: (id: number, attempt: number) => Promise<void>;
}

/** Takes tickets in the order of priority, one for each free slot. */
export function createTicketReceiver({
  redis,
  prefix,
  slots,
  work,
  onError,
}: ReceiverOptions): TicketReceiver {
  const connection = connectRedis(redis, { blocking: true, ...(onError && { onError }) });
  const worker = new Worker(
    CRAWL_QUEUE,
    async (job) => {
      const { id, attempt } = TicketData.parse(job.data);
      await work(id, attempt);
    },
    {
      connection,
      prefix,
      concurrency: slots,
      lockDuration: 60_000,
      stalledInterval: 15_000,
      // BullMQ would fail a job for good after the second lost worker; the reaper is the only judge here.
      maxStalledCount: 1_000_000,
    },
  );
  worker.on('error', onError ?? (() => {}));
  return {
    async close() {
      await worker.close(true);
      connection.disconnect();
    },
  };
}
