import type { JobKey } from '../jobs/job.ts';
import type { StreamRef } from './stream-store.ts';

/** When records came: number of the first one, and arrival in ms since the epoch, for each batch. */
export type Arrivals = [first: number, ts: number][];

/** Some records in a row, as one piece of bytes that can be read alone. */
export interface Piece {
  first: number;
  count: number;
  /** Bytes of the lines with their line ends, before compression. */
  raw: number;
  /** CRC-32 of these. */
  crc: number;
  arrivals: Arrivals;
}

/** A piece in an object. */
export interface SegmentMember extends Piece {
  /** Where it lies in the object, bytes. */
  offset: number;
  length: number;
}

/** A piece that is in no object yet. */
export interface TailPiece extends Piece {
  /** Whether the bytes are a segment, or the lines as they are. */
  isDeflated: boolean;
  bytes: Buffer;
  /** What the records add to the stats, as JSON. */
  stats: string;
}

/** Members of a stream that lie in one object, in the order of their records. */
export interface Extent {
  object: string;
  members: SegmentMember[];
}

/** A stream that was read in one moment. */
export interface StreamPicture {
  head: StreamHead;
  extents: Extent[];
  tail: TailPiece[];
}

export interface StreamHead {
  id: number;
  /** Another one whenever what lies where has changed; records that are added behind leave it as it is. */
  version: number;
  /** Where the next record goes. */
  end: number;
  /** Where the records end that lie in objects. */
  membersEnd: number;
  /** Latest arrival, ms since the epoch. */
  lastTs: number;
  /** Stats of what lies in objects, as JSON; null when that is nothing. */
  baseStats: string | null;
  tailBytes: number;
  tailPieces: number;
}

/** Records of one batch. Their numbers count from 0, and they have no arrival yet. */
export type NewPiece = Omit<TailPiece, 'arrivals'>;

export interface AppendRequest {
  ref: StreamRef;
  /** Number of the first record, at or behind the end; the end when there is none. */
  first?: number | undefined;
  /** Only when that is the very end. */
  isExact?: boolean;
  pieces: readonly NewPiece[];
}

/** Null: some of these numbers are taken, or the end is elsewhere. */
export type Appended = { first: number; ts: number; tailBytes: number; tailPieces: number } | null;

/** What comes in place of what. Done as a whole, or not at all when the stream has changed since it was read. */
export interface StreamChange {
  id: number;
  project: number;
  /** The version that was read. */
  version: number;
  /** The end that was read, when nothing may have been added since. */
  end?: number | undefined;
  /** Pieces of the tail that go: first records from here on, */
  tailFrom: number;
  /** to here, exclusive. */
  tailTo: number;
  addPieces: readonly TailPiece[];
  /** Extents that go, by their first records. */
  dropExtents: readonly number[];
  addExtents: readonly Extent[];
  next: { end?: number; membersEnd: number; baseStats: string | null };
}

/** A stream that is not written any more and whose tail waits to be packed. */
export interface ReadyStream {
  head: StreamHead;
  ref: StreamRef;
}

/** What a stream has in one object. */
export interface StreamInObject {
  head: StreamHead;
  project: number;
  /** Members, by extents. */
  extents: SegmentMember[][];
}

/** An object of which some member is in use, for who checks them. */
export interface UsedExtent {
  id: number;
  project: number;
  object: string;
  members: SegmentMember[];
}

/**
 * The part of streams that changes: their newest records, which object holds which older ones, and which objects are
 * garbage. Every record is in here or in an object that this names.
 */
export interface SegmentIndex {
  /** Adds records; those of one batch all or none. */
  append(request: AppendRequest): Promise<Appended>;
  /** Null when there is no such stream. */
  head(ref: StreamRef): Promise<StreamHead | null>;
  /** Everything of a range of records, as it is in one moment; of its tail the first pieces, until they have so many bytes. */
  picture(ref: StreamRef, from: number, to: number, tailBytes?: number): Promise<StreamPicture | null>;
  /** Stats of what lies in objects and of each piece of the tail, as JSON, and the end. */
  stats(ref: StreamRef): Promise<{ end: number; parts: string[] }>;
  /** Takes an arrival that nothing else of the stream has. What was written before survives a loss of power from then on. */
  reserve(ref: StreamRef): Promise<{ head: StreamHead; ts: number } | null>;
  /** Says that nobody writes for now. What was written before survives a loss of power from then on. */
  seal(ref: StreamRef): Promise<void>;

  /** Says that an object will be written: should it never be named by a change, it is garbage. */
  announce(object: string): Promise<void>;
  /** Makes those changes whose streams did not change meanwhile, in one transaction, and tells their ids. */
  change(changes: readonly StreamChange[], object: string | null): Promise<number[]>;

  /** See StreamStore. */
  setAside(key: JobKey): Promise<void>;
  bringBack(key: JobKey): Promise<void>;
  removeJobs(keys: readonly JobKey[]): Promise<void>;
  sizeOfProject(project: number): Promise<number>;

  upkeep: SegmentUpkeep;
}

/** For who tidies up, one at a time. */
export interface SegmentUpkeep {
  /** A project whose tails are worth an object: they have `bytes`, or wait for `waitedMs`. Null when there is none. */
  readyProject(bytes: number, waitedMs: number): Promise<number | null>;
  /** Such streams of a project, longest waiting first, until they have `bytes`. */
  ready(project: number, bytes: number): Promise<ReadyStream[]>;
  /** Puts them behind all others that wait. */
  postpone(ids: readonly number[]): Promise<void>;
  /** Tails of these streams, of each the first pieces, until they have `maxBytes`. */
  tails(ids: readonly number[], maxBytes: number): Promise<Map<number, TailPiece[]>>;
  /** Streams to which nothing came for so long count as sealed. How many. */
  sealSilent(silentMs: number): Promise<number>;
  /** A new stream without records. Throws when there is one of this name. */
  create(ref: StreamRef): Promise<StreamHead>;
  /** Forgets a stream with all that it names. */
  forget(ref: StreamRef): Promise<void>;
  /** Streams in the order of their ids, from behind one on. */
  streams(after: number, limit: number): Promise<{ id: number; ref: StreamRef; isAside: boolean }[]>;
  /** Objects that nothing names for so long. Nothing will name them again: they may go. */
  takeGarbage(unusedMs: number, limit: number): Promise<string[]>;
  garbageGone(objects: readonly string[]): Promise<void>;
  /** A packed object that lost a stream so long ago, and is still named; the longest waiting. Null when there is none. */
  shrunk(waitedMs: number): Promise<string | null>;
  /** Somebody has looked at it: until it loses another stream nobody needs to. */
  lookedAt(object: string, waitedMs: number): Promise<void>;
  /** Streams that have something in an object. */
  streamsIn(object: string): Promise<StreamInObject[]>;
  /** Those of these objects that are in use or known to be garbage. */
  known(objects: readonly string[]): Promise<Set<string>>;
  /** Extents in the order of their ids, from behind one on. */
  extents(after: number, limit: number): Promise<UsedExtent[]>;
}
