import type { SegmentUpkeep, StreamName, StreamRef, TailPiece } from '@spiderhub/core';
import type { Database } from '../database.ts';
import {
  bindingsOf,
  HEAD_COLUMNS,
  type HeadRow,
  OF_STREAM,
  PIECE_COLUMNS,
  type PieceRow,
  parseMembers,
  toHead,
  toPiece,
} from './rows.ts';

/** Streams that one object holds at most. */
const MAX_STREAMS = 5000;

const READY_PROJECT = `
  select h.project_id as project from stream_heads h where h.state = 'ready'
  group by h.project_id
  having sum(h.tail_bytes) >= :bytes::bigint or min(h.ready_at) <= now() - :waitedMs::float8 * interval '1 ms'
  order by min(h.ready_at) limit 1`;

const READY = `
  select * from (
    select ${HEAD_COLUMNS}, h.project_id, h.spider, h.job, h.attempt, h.stream,
      sum(h.tail_bytes) over (order by h.ready_at, h.id) - h.tail_bytes as before
    from stream_heads h where h.project_id = :project and h.state = 'ready'
    order by h.ready_at, h.id limit ${MAX_STREAMS}
  ) r where r.before < :bytes::bigint`;

// How long a piece is stands beside it: none is fetched for that.
const TAILS = `
  select ${PIECE_COLUMNS} from (
    select t.*, sum(octet_length(t.bytes)) over (partition by t.head_id order by t.first) - octet_length(t.bytes) as before
    from stream_chunks t where t.head_id = any(:ids::bigint[])
  ) c where c.before < :maxBytes::bigint order by c.head_id, c.first`;

const SEAL_SILENT = `
  update stream_heads h set state = case when h.tail_pieces > 0 then 'ready' else 'packed' end, ready_at = now()
  where h.id in (
    select s.id from stream_heads s
    where s.state = 'open' and s.last_ts < extract(epoch from now()) * 1000 - :silentMs::float8
    order by s.id limit 1000 for update skip locked)`;

// An object was noted when it lost one of several extents. With the time in it whoever takes the last one in this moment wins.
const STILL_USED = `
  g.since <= now() - :unusedMs::float8 * interval '1 ms' and not g.taken
  and exists (select from stream_extents e where e.object = g.object)`;

const PACKED = "g.object like '%/packed/%'";

const IN_OBJECT = `
  select ${HEAD_COLUMNS}, h.project_id, array_agg(e.members order by e.first) as extents
  from stream_extents e join stream_heads h on h.id = e.head_id
  where e.object = :object group by h.id order by h.id`;

const TAKE_GARBAGE = `
  update stream_garbage g set taken = true
  where g.object in (
    select w.object from stream_garbage w
    where w.since <= now() - :unusedMs::float8 * interval '1 ms'
      and not exists (select from stream_extents e where e.object = w.object)
    order by w.since limit :limit for update skip locked)
  returning g.object`;

const KNOWN = `
  select o.object from unnest(:objects::text[]) as o (object)
  where exists (select from stream_extents e where e.object = o.object)
    or exists (select from stream_garbage g where g.object = o.object)`;

const CREATE = `
  insert into stream_heads as h (project_id, spider, job, attempt, stream)
  values (:project, :spider, :job, :attempt, :stream) returning ${HEAD_COLUMNS}`;

interface ReadyRow extends HeadRow {
  project_id: number;
  spider: number;
  job: number;
  attempt: number;
  stream: StreamName;
}

function refOf(row: ReadyRow): StreamRef {
  return {
    key: { project: row.project_id, spider: row.spider, job: row.job },
    attempt: row.attempt,
    stream: row.stream,
  };
}

export function createSegmentUpkeep(database: Database): SegmentUpkeep {
  return { ...packing(database), ...removing(database), ...everything(database) };
}

type Packing = Pick<SegmentUpkeep, 'readyProject' | 'ready' | 'postpone' | 'tails' | 'sealSilent'>;

function packing(database: Database): Packing {
  return {
    async readyProject(bytes, waitedMs) {
      const { rows } = await database.raw<{ rows: { project: number }[] }>(READY_PROJECT, {
        bytes,
        waitedMs,
      });
      return rows[0]?.project ?? null;
    },

    async ready(project, bytes) {
      const { rows } = await database.raw<{ rows: ReadyRow[] }>(READY, { project, bytes });
      return rows.map((row) => ({
        head: toHead(row),
        ref: refOf(row),
      }));
    },

    async postpone(ids) {
      await database.raw(
        "update stream_heads set ready_at = now() where id = any(:ids::bigint[]) and state = 'ready'",
        { ids },
      );
    },

    async tails(ids, maxBytes) {
      const { rows } = await database.raw<{ rows: PieceRow[] }>(TAILS, { ids, maxBytes });
      const tails = new Map<number, TailPiece[]>(ids.map((id) => [id, []]));
      for (const row of rows) tails.get(Number(row.head_id))?.push(toPiece(row));
      return tails;
    },

    async sealSilent(silentMs) {
      const { rowCount } = await database.raw<{ rowCount: number }>(SEAL_SILENT, { silentMs });
      return rowCount;
    },
  };
}

type Removing = Pick<
  SegmentUpkeep,
  'takeGarbage' | 'garbageGone' | 'shrunk' | 'lookedAt' | 'streamsIn' | 'known'
>;

function removing(database: Database): Removing {
  return {
    async takeGarbage(unusedMs, limit) {
      await database.raw(`delete from stream_garbage g where not ${PACKED} and ${STILL_USED}`, { unusedMs });
      const { rows } = await database.raw<{ rows: { object: string }[] }>(TAKE_GARBAGE, { unusedMs, limit });
      return rows.map(({ object }) => object);
    },

    async garbageGone(objects) {
      await database.raw('delete from stream_garbage where object = any(:objects::text[]) and taken', {
        objects,
      });
    },

    async shrunk(unusedMs) {
      const { rows } = await database.raw<{ rows: { object: string }[] }>(
        `select g.object from stream_garbage g where ${PACKED} and ${STILL_USED} order by g.since limit 1`,
        { unusedMs },
      );
      return rows[0]?.object ?? null;
    },

    async lookedAt(object, unusedMs) {
      await database.raw(`delete from stream_garbage g where g.object = :object and ${STILL_USED}`, {
        object,
        unusedMs,
      });
    },

    async streamsIn(object) {
      type Row = HeadRow & { project_id: number; extents: string[] };
      const { rows } = await database.raw<{ rows: Row[] }>(IN_OBJECT, { object });
      return rows.map((row) => ({
        head: toHead(row),
        project: row.project_id,
        extents: row.extents.map(parseMembers),
      }));
    },

    async known(objects) {
      const { rows } = await database.raw<{ rows: { object: string }[] }>(KNOWN, { objects });
      return new Set(rows.map(({ object }) => object));
    },
  };
}

function everything(database: Database): Pick<SegmentUpkeep, 'create' | 'forget' | 'streams' | 'extents'> {
  return {
    async create(ref) {
      const { rows } = await database.raw<{ rows: HeadRow[] }>(CREATE, bindingsOf(ref));
      return toHead(rows[0] as HeadRow);
    },

    async forget(ref) {
      await database.raw(`delete from stream_heads h where ${OF_STREAM}`, bindingsOf(ref));
    },

    async streams(after, limit) {
      const { rows } = await database.raw<{ rows: (ReadyRow & { aside: boolean })[] }>(
        'select h.* from stream_heads h where h.id > :after order by h.id limit :limit',
        { after, limit },
      );
      return rows.map((row) => ({ id: Number(row.id), ref: refOf(row), isAside: row.aside }));
    },

    async extents(after, limit) {
      const { rows } = await database.raw<{
        rows: { id: string; project_id: number; object: string; members: string }[];
      }>(
        `select e.id, h.project_id, e.object, e.members
        from stream_extents e join stream_heads h on h.id = e.head_id
        where e.id > :after order by e.id limit :limit`,
        { after, limit },
      );
      return rows.map(({ id, project_id, object, members }) => ({
        id: Number(id),
        project: project_id,
        object,
        members: parseMembers(members),
      }));
    },
  };
}
