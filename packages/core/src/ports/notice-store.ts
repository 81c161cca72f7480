/** A notice to send now: nobody else sends it until its lease is over. */
export interface DueNotice {
  /** The same at each try. */
  id: string;
  /** Where it goes; null when the user has no address any more, or is no member. */
  to: string | null;
  subject: string;
  text: string;
  place: string | null;
  /** This one included; names the try when its end is told. */
  tries: number;
}

/** What a try came to. `afterMs`: it is tried again then. */
export type NoticeEnd = { state: 'sent' } | { state: 'failed' | 'waiting'; error: string; afterMs?: number };

/** Somebody who may be mailed about a project. */
export interface NoticeReader {
  user: number;
  name: string;
}

/**
 * What is to be mailed, and to whom it may be: members of the project or of its organisation who have shown that an
 * address is theirs. It is written in the transaction in which its cause is.
 */
export interface NoticeStore {
  addressees(project: number): Promise<NoticeReader[]>;
  /** Up to `limit`; theirs for `leaseMs`. */
  claim(limit: number, leaseMs: number): Promise<DueNotice[]>;
  /** Notes what a try came to, unless somebody else has begun another one. What failed for good is told with its rule, too. */
  settle(id: string, tries: number, end: NoticeEnd): Promise<void>;
  /** Removes what was made so long ago, ms, up to `limit`. */
  removeOld(ageMs: number, limit: number): Promise<number>;
}
