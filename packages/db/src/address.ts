import { createDatabase, type Database } from './database.ts';
import { schemaProblem } from './migrate.ts';
import { sharedSecret } from './stores/secrets.ts';

/** How Postgres is reached: past a pooler, and through it where there is one. */
export interface Addresses {
  url: string;
  directUrl: string;
  pooled: boolean;
}

/**
 * Why this program cannot work with what is at the addresses, as a sentence; null when it can. Rejects when one of them does
 * not answer.
 */
export async function databaseProblem({ url, directUrl, pooled }: Addresses): Promise<string | null> {
  const shared = await sharedSessionProblem(directUrl);
  if (shared) return shared;
  const direct = createDatabase(directUrl, { maxConnections: 1 });
  const other = createDatabase(url, { maxConnections: 1, pooled });
  try {
    const problem = await schemaProblem(direct);
    if (problem || !pooled) return problem;
    const secrets = [await sharedSecret(direct, 'job-token'), await sharedSecret(other, 'job-token')];
    return secrets[0] === secrets[1] ? null : DIFFERENT;
  } finally {
    await Promise.all([direct.destroy(), other.destroy()]);
  }
}

const DIFFERENT = 'Cannot use the database: DATABASE_URL and DATABASE_DIRECT_URL lead to different ones';

/** A pooler may give us our own connection back many times in a row. */
const TRIES = 20;
const SETTING = 'spiderhub.session';

const SENTENCE =
  'Cannot use the database: its address leads to a pooler that shares sessions (transaction or statement mode); set DATABASE_DIRECT_URL to PostgreSQL itself';

/** Null when each connection to `url` is a session of its own. */
async function sharedSessionProblem(url: string): Promise<string | null> {
  const [mine, other] = [1, 2].map(() => createDatabase(url, { maxConnections: 1 })) as [Database, Database];
  try {
    if (await isDirect(mine)) return null;
    for (let n = 1; n <= TRIES; n++) if (await isShared(mine, other, `${process.pid}-${n}`)) return SENTENCE;
    return null;
  } catch (error) {
    if (/statement pooling/.test((error as Error).message)) return SENTENCE;
    throw error;
  } finally {
    await Promise.all([mine.destroy(), other.destroy()]);
  }
}

/** A pooler invents the process that it tells its clients. */
async function isDirect(database: Database): Promise<boolean> {
  const connection = (await database.client.acquireConnection()) as { processID?: number | null };
  await database.client.releaseConnection(connection);
  const { rows } = await database.raw<{ rows: [{ pid: number }] }>('select pg_backend_pid() as pid');
  return rows[0].pid === connection.processID;
}

/** Whether what one of us sets is seen by the other one, or lost. */
async function isShared(mine: Database, other: Database, value: string): Promise<boolean> {
  await mine.raw(`set ${SETTING} = '${value}'`);
  return other.transaction(
    async (tx) => (await settingOf(tx)) === value || (await settingOf(mine)) !== value,
  );
}

async function settingOf(database: Database): Promise<string | null> {
  const { rows } = await database.raw<{ rows: [{ value: string | null }] }>(
    `select current_setting('${SETTING}', true) as value`,
  );
  return rows[0].value;
}
