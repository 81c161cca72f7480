import { createDatabase, type Database } from '@spiderhub/db';
import {
  databaseAddress,
  type Logger,
  redisOptions,
  type Service,
  type WorkerConfig,
} from '@spiderhub/platform';
import {
  createSignalSender,
  createTicketSender,
  type SignalSender,
  type TicketSender,
} from '@spiderhub/queue';
import { within } from './within.ts';

/** All statements of a worker are shorter, ms. */
const SILENCE_MS = 15_000;
/** How long servers may take to hear that we leave, ms. */
export const CLOSE_MS = 2000;

/** What a worker has open to other programs, until it stops. */
export interface Connections {
  database: Database;
  /** Life signs wait for nothing else, and for no answer so long that the next ones come too late. */
  vital: Database;
  tickets: TicketSender;
  signals: SignalSender;
  /** How a receiver reaches Redis. */
  redis: RedisAccess;
  /** Closes all of them. */
  service: Service;
}

export interface RedisAccess {
  redis: ReturnType<typeof redisOptions>;
  prefix: string;
  onError: (error: Error) => void;
}

export function openConnections(config: WorkerConfig, log: Logger): Connections {
  const name = 'spiderhub-worker';
  const leaseMs = config.LEASE_SECONDS * 1000;
  const { url, directUrl, pooled } = databaseAddress(config);
  const database = createDatabase(url, { name, silenceMs: SILENCE_MS, pooled });
  const vital = createDatabase(directUrl, { name, maxConnections: 2, silenceMs: leaseMs / 3 });
  const redis: RedisAccess = {
    redis: redisOptions(config),
    prefix: config.QUEUE_PREFIX,
    onError: (error) => log.debug({ err: error }, 'redis'),
  };
  const tickets = createTicketSender(redis);
  const signals = createSignalSender(redis);
  const service: Service = {
    name: 'connections',
    async start() {},
    async stop(deadline) {
      signals.close();
      const closed = Promise.all([tickets.close(), database.destroy(), vital.destroy()]);
      // Redis or Postgres may be away, and say nothing.
      await within(AbortSignal.any([deadline, AbortSignal.timeout(CLOSE_MS)]), closed).catch(() => undefined);
    },
  };
  return { database, vital, tickets, signals, redis, service };
}
