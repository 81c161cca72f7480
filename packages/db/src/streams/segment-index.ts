import type { Extent, SegmentIndex, StreamPicture, TailPiece } from '@spiderhub/core';
import type { Database } from '../database.ts';
import { translated } from '../pg-errors.ts';
import { createAppend } from './append.ts';
import { changeStreams } from './change.ts';
import {
  bindingsOf,
  HEAD_COLUMNS,
  type HeadRow,
  OF_STREAM,
  type PieceRow,
  parseMembers,
  toHead,
  toPiece,
} from './rows.ts';
import { createSegmentUpkeep } from './upkeep.ts';

const HEAD = `select ${HEAD_COLUMNS} from stream_heads h where ${OF_STREAM}`;

// One statement is one moment: a record that moves into an object meanwhile is seen in one of its places.
const PICTURE = `
  with h as (select * from stream_heads h where ${OF_STREAM})
  select 0 as kind, ${HEAD_COLUMNS},
    null::bigint as head_id, null::bigint as first, null::integer as count, null::integer as raw, null::bigint as crc,
    null::boolean as deflated, null as arrivals, null as stats, null::bytea as bytes, null as object, null as members
  from h
  union all
  select 1, null, null, null, null, null, null, null, null,
    e.head_id, e.first, null, null, null, null, null, null, null, e.object, e.members
  from h join stream_extents e on e.head_id = h.id
  where e.first < :to::bigint and e.end_no > :from::bigint
  union all
  select 2, null, null, null, null, null, null, null, null,
    c.head_id, c.first, c.count, c.raw, c.crc, c.deflated, c.arrivals, c.stats, c.bytes, null, null
  from (
    select t.*, sum(octet_length(t.bytes)) over (order by t.first) - octet_length(t.bytes) as before
    from h join stream_chunks t on t.head_id = h.id
    where t.first < :to::bigint and t.first + t.count > :from::bigint
  ) c where c.before < :tailBytes::bigint
  order by kind, first`;

const STATS = `
  select h.end_no, h.base_stats,
    array(select c.stats from stream_chunks c where c.head_id = h.id order by c.first) as parts
  from stream_heads h where ${OF_STREAM}`;

const RESERVE = `
  update stream_heads h set last_ts = greatest(floor(extract(epoch from clock_timestamp()) * 1000)::bigint, h.last_ts + 1)
  where ${OF_STREAM}
  returning ${HEAD_COLUMNS}`;
const SEAL = `
  update stream_heads h set state = case when h.tail_pieces > 0 then 'ready' else 'packed' end, ready_at = now()
  where ${OF_STREAM}`;

type PictureRow = { kind: 0 | 1 | 2; object: string; members: string } & HeadRow & PieceRow;

export function createSegmentIndex(database: Database): SegmentIndex {
  const own: Omit<SegmentIndex, 'upkeep'> = {
    append: createAppend(database),

    async head(ref) {
      const { rows } = await database.raw<{ rows: HeadRow[] }>(HEAD, bindingsOf(ref));
      return rows[0] ? toHead(rows[0]) : null;
    },

    async picture(ref, from, to, tailBytes = Number.MAX_SAFE_INTEGER) {
      const range = { from, to, tailBytes };
      const { rows } = await database.raw<{ rows: PictureRow[] }>(PICTURE, { ...bindingsOf(ref), ...range });
      return toPicture(rows);
    },

    async stats(ref) {
      const { rows } = await database.raw<{
        rows: { end_no: string; base_stats: string | null; parts: string[] }[];
      }>(STATS, bindingsOf(ref));
      const [row] = rows;
      if (!row) return { end: 0, parts: [] };
      return { end: Number(row.end_no), parts: row.base_stats ? [row.base_stats, ...row.parts] : row.parts };
    },

    async reserve(ref) {
      const { rows } = await database.raw<{ rows: HeadRow[] }>(RESERVE, bindingsOf(ref));
      return rows[0] ? { head: toHead(rows[0]), ts: Number(rows[0].last_ts) } : null;
    },

    async seal(ref) {
      await database.raw(SEAL, bindingsOf(ref));
    },

    async announce(object) {
      await database.raw('insert into stream_garbage (object) values (:object)', { object });
    },

    change: (changes, object) => changeStreams(database, changes, object),

    async setAside(key) {
      await database.raw('select set_streams_aside(:project, :spider, :job)', { ...key });
    },
    async bringBack(key) {
      await database.raw('select bring_streams_back(:project, :spider, :job)', { ...key });
    },
    async removeJobs(keys) {
      await database.raw(
        `delete from stream_heads where (project_id, spider, job) in
          (select * from unnest(:projects::int[], :spiders::int[], :jobs::int[]))`,
        {
          projects: keys.map(({ project }) => project),
          spiders: keys.map(({ spider }) => spider),
          jobs: keys.map(({ job }) => job),
        },
      );
    },
    async sizeOfProject(project) {
      const { rows } = await database.raw<{ rows: [{ bytes: string }] }>(
        `select coalesce(sum(tail_bytes + object_bytes), 0) as bytes from stream_heads where project_id = :project`,
        { project },
      );
      return Number(rows[0].bytes);
    },
  };
  return { ...translated(own), upkeep: translated(createSegmentUpkeep(database)) };
}

function toPicture(rows: readonly PictureRow[]): StreamPicture | null {
  const [head, ...others] = rows;
  if (!head) return null;
  const extents: Extent[] = [];
  const tail: TailPiece[] = [];
  for (const row of others) {
    if (row.kind === 1) extents.push({ object: row.object, members: parseMembers(row.members) });
    else tail.push(toPiece(row));
  }
  return { head: toHead(head), extents, tail };
}
