import { DomainError, type EventLog, type EventType, type LoggedEvent, requestErrors } from '@spiderhub/core';
import type { Database } from '../database.ts';
import { translated } from '../pg-errors.ts';
import { sharedSecret } from '../stores/secrets.ts';

// Ids are given before their transaction commits, so `id > last` would pass by what commits late. Below the oldest
// transaction that still writes nothing can appear any more.
const READ = `
  select id, xid::text as xid, ts, type, project_id, spider, job, actor, data from events
  where xid < pg_snapshot_xmin(pg_current_snapshot()) and (xid, id) > (:xid::xid8, :id::bigint)
    and (:projects::int[] is null or project_id = any(:projects::int[]))
  order by xid, id limit :limit`;

const CURSOR = /^([0-9a-f]{16})-(\d{1,20})-(\d{1,19})$/;

interface EventRow {
  id: string;
  xid: string;
  ts: Date;
  type: EventType;
  project_id: number;
  spider: number | null;
  job: number | null;
  actor: string | null;
  data: string | null;
}

export function createEventLog(database: Database): EventLog {
  let name: Promise<string> | undefined;

  /** Of this log: transaction numbers mean nothing in another one. */
  function logName(): Promise<string> {
    name ??= sharedSecret(database, 'event-log').then((secret) => secret.slice(0, 16));
    name.catch(() => {
      name = undefined;
    });
    return name;
  }

  async function position(cursor: string): Promise<{ xid: string; id: string }> {
    const [, log, xid, id] = CURSOR.exec(cursor) ?? [];
    if (xid === undefined || id === undefined) throw requestErrors.invalid('after', 'not a cursor');
    if (log !== (await logName())) {
      throw new DomainError('conflict', 'other_log', 'after: this cursor belongs to another event log');
    }
    return { xid, id };
  }

  return translated<EventLog>({
    async end() {
      const { rows } = await database.raw<{ rows: [{ xid: string }] }>(
        'select (pg_snapshot_xmin(pg_current_snapshot())::text::numeric - 1)::text as xid',
      );
      // No id is larger: the next event is of a later transaction.
      return `${await logName()}-${rows[0].xid}-${2n ** 63n - 1n}`;
    },
    beginning: async () => `${await logName()}-0-0`,
    async read(cursor, limit, projects) {
      const from = await position(cursor);
      const { rows } = await database.raw<{ rows: EventRow[] }>(READ, {
        ...from,
        projects: projects ? [...projects] : null,
        limit: limit + 1,
      });
      const page = rows.slice(0, limit);
      const last = page.at(-1) ?? from;
      return {
        events: page.map(toEvent),
        cursor: `${await logName()}-${last.xid}-${last.id}`,
        more: rows.length > limit,
      };
    },
  });
}

function toEvent({ type, project_id, spider, job, actor, data, ts }: EventRow): LoggedEvent {
  return {
    type,
    project: project_id,
    job: spider === null || job === null ? null : { spider, job },
    actor,
    data,
    at: ts,
  };
}
