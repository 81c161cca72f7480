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
  /** The address leads to a pooler that shares its connections: what a session sets would be everybody's, so nothing is. */
  pooled?: boolean;
}

const CONNECT_MS = 5000;

function impatient(silenceMs: number): Socket {
  const socket = new Socket();
  return socket.setTimeout(silenceMs, () =>
    socket.destroy(Object.assign(new Error('no answer from the database'), { code: 'ETIMEDOUT' })),
  );
}

/** What a server answers that was the primary and is none any more. */
const READ_ONLY = '25006';

interface PgClient {
  query(sql: string, done: (error: Error | null) => void): void;
  connection: { on(event: 'errorMessage', hear: (message: { code?: string }) => void): void };
  /** Set: knex gives the connection to nobody any more. */
  __knex__disposed?: unknown;
}

/** Makes a new connection as its pool wants it. */
function prepare(
  client: PgClient,
  statementMs: number | undefined,
  done: (error: Error | null) => void,
): void {
  // After a change of primaries a connection may go on with the old one: the next statement is to find the new one.
  client.connection.on('errorMessage', ({ code }) => {
    if (code === READ_ONLY) client.__knex__disposed = 'the server is no primary any more';
  });
  if (statementMs === undefined) done(null);
  // As a statement and not when connecting: poolers refuse start-up parameters that they do not know.
  else client.query(`set statement_timeout = ${Math.ceil(statementMs)}`, done);
}

/** Opens a pool. Whoever opens it closes it with `destroy()`. Connections are made on demand. */
export function createDatabase(
  url: string,
  {
    maxConnections = 10,
    name = 'spiderhub',
    silenceMs,
    statementMs = silenceMs,
    pooled = false,
  }: DatabaseOptions = {},
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
    } as Knex.PgConnectionConfig,
    pool: {
      min: 0,
      max: maxConnections,
      acquireTimeoutMillis: 8000,
      // Also for silence: the server gives up a statement that waits for a lock.
      afterCreate: (client: PgClient, done: (error: Error | null, client: PgClient) => void) =>
        prepare(client, pooled ? undefined : statementMs, (error) => done(error, client)),
    },
    acquireConnectionTimeout: 8000,
    // Whoever sends a statement hears of its failure; knex would print it, too.
    log: { warn() {}, error() {}, deprecate() {}, debug() {} },
  });
}
