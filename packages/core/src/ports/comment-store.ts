import type { JobKey } from '../jobs/job.ts';

export interface Comment {
  id: number;
  job: JobKey;
  /** Number of the item, and the field of it; null field: the whole item. */
  item: number;
  field: string | null;
  text: string;
  author: string;
  createdAt: Date;
  archivedAt: Date | null;
}

/** What a comment is about. Without `item` all comments of the job, without `field` those of the item and its fields. */
export interface CommentTarget {
  job: JobKey;
  item?: number;
  field?: string;
}

/** Notes that people leave on items. */
export interface CommentStore {
  /** Null when there is no such job. */
  add(
    target: Required<Pick<CommentTarget, 'job' | 'item'>> & CommentTarget,
    text: string,
    by: string,
  ): Promise<Comment | null>;
  find(id: number): Promise<Comment | null>;
  /** Oldest first, without archived ones. */
  list(target: CommentTarget): Promise<Comment[]>;
  edit(id: number, text: string): Promise<void>;
  archive(id: number, by: string): Promise<void>;
  /** Archives those of an item or a field. */
  archiveAll(target: CommentTarget, by: string): Promise<void>;
  /** For each job of the project: number of items with comments that are not archived. */
  itemCounts(project: number): Promise<{ job: JobKey; items: number }[]>;
}
