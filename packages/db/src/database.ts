import { type Knex, knex } from 'knex';

export type Database = Knex;

interface DatabaseOptions {
  /** Most connections of this process. */
  maxConnections?: number;
  /** Shown in pg_stat_activity. */
  name?: string;
}

/** Opens a pool. Whoever opens it closes it with `destroy()`. Connections are made on demand. */
export function createDatabase(
  url: string,
  { maxConnections = 10, name = 'spiderhub' }: DatabaseOptions = {},
): Database {
  return knex({
    client: 'pg',
    connection: { connectionString: url, application_name: name, connectionTimeoutMillis: 5000 },
    pool: { min: 0, max: maxConnections, acquireTimeoutMillis: 8000 },
    acquireConnectionTimeout: 8000,
  });
}
