import type { Socket } from 'node:net';
import { Client } from 'pg';

/** Any number that nothing else in this database uses as an advisory lock. */
const LEADER_LOCK = 7_318_401;

export interface Leadership {
  /** Aborts when the connection that holds the lock is gone: somebody else may lead from then on. */
  readonly lost: AbortSignal;
  release(): Promise<void>;
}

/** How often the lock's connection is tried, and how long an answer may take, ms. */
const PING_MS = 1000;
const ANSWER_MS = 2000;
/** Postgres closes the connection of a leader that was silent for this long, ms: frozen, or cut off unnoticed. */
const SILENT_LEADER_MS = 6000;

/**
 * Tries once to become the leader: a session's advisory lock, so that a dead leader's place is free as soon as
 * Postgres sees its connection close, or hears nothing on it. Null when somebody else leads. Throws when Postgres is
 * away.
 */
export async function tryToLead(databaseUrl: string): Promise<Leadership | null> {
  const client = new Client({
    connectionString: databaseUrl,
    application_name: 'spiderhub-leader',
    keepAlive: true,
    connectionTimeoutMillis: ANSWER_MS,
    query_timeout: ANSWER_MS,
  });
  const lost = new AbortController();
  client.on('error', () => lost.abort());
  client.on('end', () => lost.abort());
  try {
    await client.connect();
    await client.query(`set idle_session_timeout = ${SILENT_LEADER_MS}`);
    const { rows } = await client.query<{ won: boolean }>('select pg_try_advisory_lock($1) as won', [
      LEADER_LOCK,
    ]);
    if (!rows[0]?.won) {
      hangUp(client);
      return null;
    }
  } catch (error) {
    hangUp(client);
    throw error;
  }
  const pinging = setInterval(() => {
    client.query('select').catch(() => {
      lost.abort();
      hangUp(client);
    });
  }, PING_MS);
  lost.signal.addEventListener('abort', () => clearInterval(pinging));
  return {
    lost: lost.signal,
    async release() {
      clearInterval(pinging);
      hangUp(client);
    },
  };
}

/** A polite end waits for an answer that may never come. */
function hangUp(client: Client): void {
  client.end().catch(() => undefined);
  const { stream } = (client as unknown as { connection: { stream: Socket } }).connection;
  setTimeout(() => stream.destroy(), 200).unref();
}
