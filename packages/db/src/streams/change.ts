import type { Extent, StreamChange, TailPiece } from '@spiderhub/core';
import type { Database } from '../database.ts';
import { formatMembers } from './rows.ts';

// Whoever takes garbage away has taken an object for good: then nothing may name it.
const CLAIM = 'delete from stream_garbage where object = :object and not taken';

const LOCK = `
  select h.id from stream_heads h
  join unnest(:ids::bigint[], :projects::int[], :versions::int[], :ends::bigint[]) as i (id, project, version, end_no)
    on i.id = h.id
  where h.project_id = i.project and h.version = i.version and (i.end_no is null or h.end_no = i.end_no)
  order by h.id for update of h`;

const REMOVE_PIECES = `
  delete from stream_chunks c using unnest(:ids::bigint[], :froms::bigint[], :tos::bigint[]) as i (id, lo, hi)
  where c.head_id = i.id and c.first >= i.lo and c.first < i.hi`;

const REMOVE_EXTENTS = `
  delete from stream_extents e using unnest(:ids::bigint[], :firsts::bigint[]) as i (id, first)
  where e.head_id = i.id and e.first = i.first`;

const ADD_EXTENTS = `
  insert into stream_extents (head_id, first, end_no, object, members)
  select * from unnest(:ids::bigint[], :firsts::bigint[], :ends::bigint[], :objects::text[], :members::text[])`;

const ADD_PIECES = `
  insert into stream_chunks (head_id, first, count, raw, crc, deflated, arrivals, stats, bytes)
  select p.id, p.first, p.count, p.raw, p.crc, p.deflated, p.arrivals, p.stats,
    substring(:body::bytea from p.place for p.length)
  from unnest(:ids::bigint[], :firsts::bigint[], :counts::int[], :raws::int[], :crcs::bigint[], :deflations::boolean[],
    :arrivals::text[], :statistics::text[], :places::int[], :lengths::int[])
    as p (id, first, count, raw, crc, deflated, arrivals, stats, place, length)`;

// What the tail and the objects hold is added up from what is there now: it can be nothing else.
const MOVE_HEADS = `
  update stream_heads h set
    version = h.version + 1,
    end_no = coalesce(i.end_no, h.end_no),
    members_end = i.members_end,
    base_stats = i.base_stats,
    tail_bytes = t.bytes,
    tail_pieces = t.pieces,
    object_bytes = greatest(0, h.object_bytes + i.object_bytes),
    state = case when h.state = 'ready' and t.pieces = 0 then 'packed' else h.state end
  from unnest(:ids::bigint[], :ends::bigint[], :membersEnds::bigint[], :bases::text[], :objectBytes::bigint[])
    as i (id, end_no, members_end, base_stats, object_bytes)
  cross join lateral (
    select coalesce(sum(octet_length(c.bytes)), 0) as bytes, count(*)::int as pieces
    from stream_chunks c where c.head_id = i.id
  ) t
  where h.id = i.id`;

/** See SegmentIndex. */
export async function changeStreams(
  database: Database,
  changes: readonly StreamChange[],
  object: string | null,
): Promise<number[]> {
  return database.transaction(async (tx) => {
    if (object !== null) {
      const { rowCount } = await tx.raw<{ rowCount: number }>(CLAIM, { object });
      if (rowCount === 0) return [];
    }
    const { rows } = await tx.raw<{ rows: { id: string }[] }>(LOCK, {
      ids: changes.map(({ id }) => id),
      projects: changes.map(({ project }) => project),
      versions: changes.map(({ version }) => version),
      ends: changes.map(({ end }) => end ?? null),
    });
    const same = new Set(rows.map(({ id }) => Number(id)));
    const valid = changes.filter(({ id }) => same.has(id));
    if (valid.length === 0) {
      // It is garbage after all.
      if (object !== null) await tx.raw('insert into stream_garbage (object) values (:object)', { object });
      return [];
    }
    const dropped = await droppedBytes(tx, valid);
    await removeOld(tx, valid);
    await addPieces(tx, valid);
    await addExtents(tx, valid);
    await tx.raw(MOVE_HEADS, {
      ids: valid.map(({ id }) => id),
      ends: valid.map(({ next }) => next.end ?? null),
      membersEnds: valid.map(({ next }) => next.membersEnd),
      bases: valid.map(({ next }) => next.baseStats),
      objectBytes: valid.map(({ id, addExtents: added }) => bytesOf(added) - (dropped.get(id) ?? 0)),
    });
    return [...same];
  });
}

function bytesOf(extents: readonly Extent[]): number {
  return extents.flatMap(({ members }) => members).reduce((sum, { length }) => sum + length, 0);
}

async function droppedBytes(tx: Database, changes: readonly StreamChange[]): Promise<Map<number, number>> {
  const bytes = new Map<number, number>();
  const ids = changes.filter(({ dropExtents }) => dropExtents.length > 0).map(({ id }) => id);
  if (ids.length === 0) return bytes;
  const rows: { head_id: string; first: string; members: string }[] = await tx('stream_extents')
    .whereIn('head_id', ids)
    .select('head_id', 'first', 'members');
  for (const { id, dropExtents } of changes) {
    for (const row of rows) {
      if (Number(row.head_id) !== id || !dropExtents.includes(Number(row.first))) continue;
      const members = JSON.parse(row.members) as number[][];
      bytes.set(id, (bytes.get(id) ?? 0) + members.reduce((sum, member) => sum + (member[3] as number), 0));
    }
  }
  return bytes;
}

async function removeOld(tx: Database, changes: readonly StreamChange[]): Promise<void> {
  await tx.raw(REMOVE_PIECES, {
    ids: changes.map(({ id }) => id),
    froms: changes.map(({ tailFrom }) => tailFrom),
    tos: changes.map(({ tailTo }) => tailTo),
  });
  const dropped = changes.flatMap(({ id, dropExtents }) => dropExtents.map((first) => ({ id, first })));
  if (dropped.length === 0) return;
  await tx.raw(REMOVE_EXTENTS, {
    ids: dropped.map(({ id }) => id),
    firsts: dropped.map(({ first }) => first),
  });
}

async function addExtents(tx: Database, changes: readonly StreamChange[]): Promise<void> {
  const added = changes.flatMap(({ id, addExtents: extents }) => extents.map((extent) => ({ id, extent })));
  if (added.length === 0) return;
  await tx.raw(ADD_EXTENTS, {
    ids: added.map(({ id }) => id),
    firsts: added.map(({ extent }) => extent.members[0]?.first ?? 0),
    ends: added.map(({ extent }) => endOf(extent)),
    objects: added.map(({ extent }) => extent.object),
    members: added.map(({ extent }) => formatMembers(extent.members)),
  });
}

function endOf({ members }: Extent): number {
  const last = members.at(-1);
  return last ? last.first + last.count : 0;
}

async function addPieces(tx: Database, changes: readonly StreamChange[]): Promise<void> {
  const added = changes.flatMap(({ id, addPieces: pieces }) => pieces.map((piece) => ({ id, piece })));
  if (added.length === 0) return;
  let place = 1;
  const places = added.map(({ piece }) => {
    place += piece.bytes.length;
    return place - piece.bytes.length;
  });
  const of = <T>(get: (piece: TailPiece) => T) => added.map(({ piece }) => get(piece));
  await tx.raw(ADD_PIECES, {
    ids: added.map(({ id }) => id),
    firsts: of(({ first }) => first),
    counts: of(({ count }) => count),
    raws: of(({ raw }) => raw),
    crcs: of(({ crc }) => crc),
    deflations: of(({ isDeflated }) => isDeflated),
    arrivals: of(({ arrivals }) => JSON.stringify(arrivals)),
    statistics: of(({ stats }) => stats),
    places,
    lengths: of(({ bytes }) => bytes.length),
    body: Buffer.concat(of(({ bytes }) => bytes)),
  });
}
