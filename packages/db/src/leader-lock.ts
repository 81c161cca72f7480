import { Client } from 'pg';

/** Any number that nothing else in this database uses as an advisory lock. */
const LEADER_LOCK = 7_318_401;

export interface Leadership {
  /** Aborts when the connection that holds the lock is gone: somebody else may lead from then on. */
  readonly lost: AbortSignal;
  release(): Promise<void>;
}

/**
 * Tries once to become the leader: a session's advisory lock, so that a dead leader's place is free as soon as
 * Postgres sees its connection close. Null when somebody else leads. Throws when Postgres is away.
 */
export async function tryToLead(databaseUrl: string): Promise<Leadership | null> {
  const client = new Client({
    connectionString: databaseUrl,
    application_name: 'spiderhub-leader',
    keepAlive: true,
  });
  const lost = new AbortController();
  client.on('error', () => lost.abort());
  client.on('end', () => lost.abort());
  await client.connect();
  const { rows } = await client.query<{ won: boolean }>('select pg_try_advisory_lock($1) as won', [
    LEADER_LOCK,
  ]);
  if (!rows[0]?.won) {
    await client.end();
    return null;
  }
  return { lost: lost.signal, release: () => client.end() };
}
