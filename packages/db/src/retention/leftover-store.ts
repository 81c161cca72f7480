import type { LeftoverStore } from '@spiderhub/core';
import type { Database } from '../database.ts';
import { translated } from '../pg-errors.ts';

// Events come in the order of time, but for those of transactions that took long.
const REMOVE_EVENTS = `
  with oldest as (select project_id, id, ts from events order by xid, id limit :limit),
  gone as (
    delete from events e using oldest o
    where e.project_id = o.project_id and e.id = o.id and o.ts < now() - :ageMs::float8 * interval '1 ms'
    returning e.xid, e.id
  ),
  -- A reader that comes from before them has missed something, and is told so.
  noted as (
    update event_floor f set xid = g.xid, id = g.id
    from (select xid, id from gone order by xid desc, id desc limit 1) g
    where (f.xid, f.id) < (g.xid, g.id)
  )
  select count(*)::int as n from gone`;

// Each write to a collection removes some of its expired records; these are of collections that nobody writes to.
const REMOVE_RECORDS = `
  delete from collection_records where ctid = any(array(
    select r.ctid from collections c
    cross join lateral (
      select e.ctid from collection_records e where e.collection_id = c.id and e.expires_at <= now() limit :limit
    ) r
    where c.type in ('cs', 'vcs') limit :limit))`;

const REMOVE_CLAIMS = `
  delete from job_claims where (job_id, tag) in (
    select c.job_id, c.tag from job_claims c
    where c.lease_until < now() - :ageMs::float8 * interval '1 ms' limit :limit)`;

const REMOVE_WORKERS = `
  delete from workers where id in (
    select w.id from workers w where w.seen_at < now() - :ageMs::float8 * interval '1 ms' limit :limit)`;

export function createLeftoverStore(database: Database): LeftoverStore {
  async function remove(sql: string, bindings: Record<string, number>): Promise<number> {
    const { rowCount } = await database.raw<{ rowCount: number }>(sql, bindings);
    return rowCount;
  }

  return translated<LeftoverStore>({
    async removeEvents(ageMs, limit) {
      const { rows } = await database.raw<{ rows: [{ n: number }] }>(REMOVE_EVENTS, { ageMs, limit });
      return rows[0].n;
    },
    removeExpiredRecords: (limit) => remove(REMOVE_RECORDS, { limit }),
    async removeSilent(ageMs, limit) {
      return (
        (await remove(REMOVE_CLAIMS, { ageMs, limit })) + (await remove(REMOVE_WORKERS, { ageMs, limit }))
      );
    },
    async hostsSeen(ageMs) {
      const rows: { host: string }[] = await database('workers')
        .whereRaw("seen_at >= now() - :ageMs::float8 * interval '1 ms'", { ageMs })
        .distinct('host');
      return rows.map(({ host }) => host);
    },
    async spidersOf(project) {
      const rows: { number: number }[] = await database('spiders')
        .where({ project_id: project })
        .select('number');
      return new Set(rows.map(({ number }) => number));
    },
  });
}
