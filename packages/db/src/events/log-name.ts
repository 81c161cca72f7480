import type { Database } from '../database.ts';
import { sharedSecret } from '../stores/secrets.ts';

const NAME = 'event-log';
const PLACE = 'event-log-place';

// A copy that was read into another server, or under another name, is another log: its transactions count from somewhere else.
const KNOWN = `
  select (select value from secrets where name = '${NAME}') as name,
    (select value from secrets where name = '${PLACE}') as place,
    (select oid::text from pg_database where datname = current_database()) as here`;

const SERVER = 'select system_identifier::text as server from pg_control_system()';

const HOLD_PLACE = `
  insert into secrets (name, value) values ('${PLACE}', :place)
  on conflict (name) do update set value = secrets.value returning value`;

// What was copied happened before everything that happens here, whatever its transactions were called there.
const BEGIN_ANEW = `
  with told as (update events set xid = '3'),
  floor as (update event_floor set xid = '0', id = 0),
  forgotten as (delete from secrets where name = '${NAME}')
  update secrets set value = :place where name = '${PLACE}'`;

interface Known {
  name: string | null;
  place: string | null;
  here: string;
}

/** The name of the event log of this database, which cursors carry. After a restore from a dump there is another one. */
export async function nameOfLog(database: Database): Promise<string> {
  const { rows } = await database.raw<{ rows: [Known] }>(KNOWN);
  const [known] = rows;
  const place = `${await serverOf(database)}/${known.here}`;
  if (known.place !== place || known.name === null) return nameAnew(database, place);
  return known.name.slice(0, 16);
}

function nameAnew(database: Database, place: string): Promise<string> {
  return database.transaction(async (tx) => {
    const { rows } = await tx.raw<{ rows: [{ value: string }] }>(HOLD_PLACE, { place });
    if (rows[0].value !== place) await tx.raw(BEGIN_ANEW, { place });
    return (await sharedSecret(tx, NAME)).slice(0, 16);
  });
}

/** Where the server does not say it, only the database's own number tells. */
async function serverOf(database: Database): Promise<string> {
  try {
    const { rows } = await database.raw<{ rows: [{ server: string }] }>(SERVER);
    return rows[0].server;
  } catch (error) {
    if ((error as { code?: string }).code !== '42501') throw error;
    return '-';
  }
}
