import type { Actor } from '../access/actor.ts';
import type { Refusal } from '../audit/audit.ts';

/** A line of the audit log. */
export interface AuditLine {
  /** Later lines have greater numbers. */
  id: number;
  at: Date;
  outcome: 'done' | 'refused';
  /** How often it was refused, within a minute. */
  times: number;
  actor: Actor;
  action: string;
  organisation: number | null;
  project: number | null;
  object: string;
  before: Record<string, unknown> | null;
  after: Record<string, unknown> | null;
  /** Why it was refused. */
  why: string | null;
}

/** Which log is read. */
export type AuditScope = { organisation: number } | { project: number } | 'everything';

export interface AuditFilter {
  /** A whole action, or the part before its dot. */
  action?: string | undefined;
  outcome?: AuditLine['outcome'] | undefined;
  /** Name of who did it. */
  actor?: string | undefined;
  user?: number | undefined;
  key?: number | undefined;
  since?: Date | undefined;
  until?: Date | undefined;
}

export interface AuditPage {
  lines: AuditLine[];
  /** For `before` of the next page; null at the end. There may be more although a page has fewer lines than asked for, or none. */
  next: number | null;
}

export type CountedRefusal = Refusal & { times: number };

/** Lines are written by the transactions that make the changes. Nobody changes one; they go when they are old. */
export interface AuditStore {
  /**
   * The newest first, `limit` at most, those below a number. Lines that a filter leaves out are read, too: so many at a time,
   * that one call takes a moment however long the log is and however rare what is looked for.
   */
  page(scope: AuditScope, filter: AuditFilter, before: number | null, limit: number): Promise<AuditPage>;
  /** All of them, the newest first, some at a time. */
  pages(scope: AuditScope, filter: AuditFilter): AsyncGenerator<AuditLine[]>;
  saveRefusals(refusals: readonly CountedRefusal[]): Promise<void>;
  /** Removes up to `limit` lines that are older, and says how many went. */
  removeOlder(ageMs: number, limit: number): Promise<number>;
}
