import {
  DomainError,
  type EventLog,
  type EventType,
  formatCursor,
  type LoggedEvent,
  readCursor,
  requestErrors,
} from '@spiderhub/core';
import type { Database } from '../database.ts';
import { translated } from '../pg-errors.ts';
import { nameOfLog } from './log-name.ts';

/** Events that are looked at for those that a filter means, before the reader gets a cursor behind them. */
const LOOK = 2000;
const OTHER_LOG = 'this cursor belongs to another event log';
/** Behind the number of every event of an answer. */
const LAST = 1_000_000_000;

// Ids are given before their transaction commits, so `id > last` would pass by what commits late. Below the oldest
// transaction that still writes nothing can appear any more.
const READ = `
  with looked as materialized (
    select id, xid, ts, type, project_id, spider, job, actor, data from events
    where xid < pg_snapshot_xmin(pg_current_snapshot()) and (xid, id) > (:xid::xid8, :id::bigint)
    order by xid, id limit :look
  ),
  meant as (
    select * from looked
    where (:projects::int[] is null or project_id = any(:projects::int[]))
      and (:types::text[] is null or type = any(:types::text[]))
    order by xid, id limit :limit
  )
  select row_number() over (order by xid, id) as nth, id, xid::text as xid, ts, type, project_id, spider, job, actor, data,
    null::int as seen, null::boolean as gone, null::boolean as ahead
  from meant
  union all
  select ${LAST}, l.id, l.xid::text, null, null, null, null, null, null, null,
    (select count(*)::int from looked), (f.xid, f.id) > (:xid::xid8, :id::bigint),
    :xid::xid8 >= pg_snapshot_xmax(pg_current_snapshot())
  from event_floor f left join (select id, xid from looked order by xid desc, id desc limit 1) l on true
  order by nth`;

const END = `select (pg_snapshot_xmin(pg_current_snapshot())::text::numeric - 1)::text as xid`;

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

/**
 * How far the look went, and whether the log still knows what comes behind the cursor, or does not know yet what comes before
 * it: then it was put back, and its transactions will be called so once more.
 */
interface LookRow {
  id: string | null;
  xid: string | null;
  seen: number;
  gone: boolean;
  ahead: boolean;
}

/** `nameOf`: see `nameOfLog`; it is asked once. */
export function createEventLog(database: Database, nameOf = () => nameOfLog(database)): EventLog {
  let name: Promise<string> | undefined;

  /** Of this log: transaction numbers mean nothing in another one. */
  function logName(): Promise<string> {
    name ??= nameOf();
    name.catch(() => {
      name = undefined;
    });
    return name;
  }

  async function beginning(): Promise<string> {
    const { rows } = await database.raw<{ rows: [{ xid: string; id: string }] }>(
      'select xid::text as xid, id from event_floor',
    );
    const [{ xid, id }] = rows;
    return formatCursor({ log: await logName(), xid: BigInt(xid), id: BigInt(id) });
  }

  async function elsewhere(code: string, why: string): Promise<DomainError> {
    const details = { cursor: await beginning() };
    return new DomainError('conflict', code, `after: ${why}`, { details });
  }

  async function position(cursor: string): Promise<{ xid: string; id: string }> {
    const place = readCursor(cursor);
    if (!place) throw requestErrors.invalid('after', 'not a cursor');
    if (place.log !== (await logName())) throw await elsewhere('other_log', OTHER_LOG);
    return { xid: String(place.xid), id: String(place.id) };
  }

  return translated<EventLog>({
    async end() {
      const { rows } = await database.raw<{ rows: [{ xid: string }] }>(END);
      // No id is larger: the next event is of a later transaction.
      return formatCursor({ log: await logName(), xid: BigInt(rows[0].xid), id: 2n ** 63n - 1n });
    },
    beginning,
    async read(cursor, limit, { projects, types } = {}) {
      const from = await position(cursor);
      const look = projects || types ? Math.max(LOOK, limit + 1) : limit + 1;
      const { rows } = await database.raw<{ rows: (EventRow & LookRow)[] }>(READ, {
        ...from,
        projects: projects ? [...projects] : null,
        types: types ? [...types] : null,
        look,
        limit: limit + 1,
      });
      const looked = rows.pop() as LookRow;
      if (looked.ahead) throw await elsewhere('other_log', OTHER_LOG);
      if (looked.gone)
        throw await elsewhere('events_gone', 'events behind this cursor are not kept any more');
      const log = await logName();
      const events = rows.slice(0, limit).map((row) => toEvent(row, log));
      const isFull = rows.length > limit;
      const last = looked.xid === null || looked.id === null ? from : { xid: looked.xid, id: looked.id };
      const behind = formatCursor({ log, xid: BigInt(last.xid), id: BigInt(last.id) });
      return {
        events,
        cursor: isFull ? (events.at(-1)?.id ?? cursor) : behind,
        more: isFull || looked.seen === look,
      };
    },
  });
}

function toEvent(row: EventRow, log: string): LoggedEvent {
  const { type, project_id, spider, job, actor, data, ts, xid, id } = row;
  return {
    id: formatCursor({ log, xid: BigInt(xid), id: BigInt(id) }),
    type,
    project: project_id,
    job: spider === null || job === null ? null : { spider, job },
    actor,
    data,
    at: ts,
  };
}
