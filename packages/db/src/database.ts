import { Socket } from 'node:net';
import { type Knex, knex } from 'knex';

export type Database = Knex;

interface DatabaseOptions {
  /** Most connections of this process. */
  maxConnections?: number;
  /** Shown in pg_stat_activity. */
  name?: string;
  /**
   * A connection on which nothing was heard for this long, ms, is given up, and the statement that waits on it fails as
   * if the connection had broken: a network that swallows packets would hang it for a quarter of an hour. Only for
   * processes whose statements are all shorter.
   */
  silenceMs?: number;
  /**
   * The server gives up a statement that takes longer than this, ms, also when nobody waits for its answer any more.
   * Not for pools that read with cursors: those take as long as their readers do.
   */
  statementMs?: number;
}

const CONNECT_MS = 5000;

function impatient(silenceMs: number): Socket {
  const socket = new Socket();
  return socket.setTimeout(silenceMs, () =>
    socket.destroy(Object.assign(new Error('no answer from the database'), { code: 'ETIMEDOUT' })),
  );
}

/** Opens a pool. Whoever opens it closes it with `destroy()`. Connections are made on demand. */
export function createDatabase(
  url: string,
  { maxConnections = 10, name = 'spiderhub', silenceMs, statementMs = silenceMs }: DatabaseOptions = {},
): Database {
  return knex({
    client: 'pg',
    connection: {
      connectionString: url,
      application_name: name,
      connectionTimeoutMillis: Math.min(silenceMs ?? CONNECT_MS, CONNECT_MS),
      keepAlive: true,
      keepAliveInitialDelayMillis: 10_000,
      ...(silenceMs !== undefined && { stream: () => impatient(silenceMs) }),
      // Also for silence: the server gives up a statement that waits for a lock.
      ...(statementMs !== undefined && { statement_timeout: statementMs }),
    } as Knex.PgConnectionConfig,
    pool: { min: 0, max: maxConnections, acquireTimeoutMillis: 8000 },
    acquireConnectionTimeout: 8000,
    // Whoever sends a statement hears of its failure; knex would print it, too.
    log: { warn() {}, error() {}, deprecate() {}, debug() {} },
  });
}
