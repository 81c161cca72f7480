import type { Arrivals, SegmentMember, StreamHead, StreamRef, TailPiece } from '@spiderhub/core';

/** Numbers of 64 bits come as texts. */
export interface HeadRow {
  id: string;
  version: number;
  end_no: string;
  members_end: string;
  last_ts: string;
  base_stats: string | null;
  tail_bytes: string;
  tail_pieces: number;
}

export const HEAD_COLUMNS =
  'h.id, h.version, h.end_no, h.members_end, h.last_ts, h.base_stats, h.tail_bytes, h.tail_pieces';

export function toHead(row: HeadRow): StreamHead {
  return {
    id: Number(row.id),
    version: row.version,
    end: Number(row.end_no),
    membersEnd: Number(row.members_end),
    lastTs: Number(row.last_ts),
    baseStats: row.base_stats,
    tailBytes: Number(row.tail_bytes),
    tailPieces: row.tail_pieces,
  };
}

export interface PieceRow {
  head_id: string;
  first: string;
  count: number;
  raw: number;
  crc: string;
  deflated: boolean;
  arrivals: string;
  stats: string;
  bytes: Buffer;
}

export const PIECE_COLUMNS =
  'c.head_id, c.first, c.count, c.raw, c.crc, c.deflated, c.arrivals, c.stats, c.bytes';

export function toPiece(row: PieceRow): TailPiece {
  return {
    first: Number(row.first),
    count: row.count,
    raw: row.raw,
    crc: Number(row.crc),
    isDeflated: row.deflated,
    arrivals: JSON.parse(row.arrivals) as Arrivals,
    stats: row.stats,
    bytes: row.bytes,
  };
}

type MemberRow = [
  first: number,
  count: number,
  offset: number,
  length: number,
  raw: number,
  crc: number,
  arrivals: Arrivals,
];

export function formatMembers(members: readonly SegmentMember[]): string {
  const rows = members.map(
    ({ first, count, offset, length, raw, crc, arrivals }): MemberRow => [
      first,
      count,
      offset,
      length,
      raw,
      crc,
      arrivals,
    ],
  );
  return JSON.stringify(rows);
}

export function parseMembers(text: string): SegmentMember[] {
  return (JSON.parse(text) as MemberRow[]).map(([first, count, offset, length, raw, crc, arrivals]) => ({
    first,
    count,
    offset,
    length,
    raw,
    crc,
    arrivals,
  }));
}

/** The stream that everybody sees, of those with this name. */
export const OF_STREAM = `h.project_id = :project and h.spider = :spider and h.job = :job and h.attempt = :attempt
  and h.stream = :stream and not h.aside`;

export function bindingsOf({ key, attempt, stream }: StreamRef) {
  return { project: key.project, spider: key.spider, job: key.job, attempt, stream };
}
