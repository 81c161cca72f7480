import type { JobKey } from '../jobs/job.ts';

/** Who is asking: one API key, resolved. */
export interface Principal {
  /** Name shown in `scheduled_by` and its siblings. */
  name: string;
  /** Projects that this key is a member of: what `listprojects` shows. */
  projects: ReadonlySet<number>;
  /** A staff key reaches every project, though it lists only its memberships. */
  staff: boolean;
  /** Organisations that the caller is a member of: it may make projects in them. Empty for a key of one project. */
  organisations: readonly number[];
  /** Set for a crawl that came with a job token: what that may do is in the table of actions. */
  job?: { key: JobKey; isOver: boolean };
}

export interface Project {
  id: number;
  organisationId: number;
  name: string;
  /** Jobs of a paused project stay pending: only outside workers take them. */
  paused: boolean;
}

export interface Spider {
  project: number;
  number: number;
  name: string;
  tags: string[];
  type: 'manual';
  /** Newest deployed version that contains it, null when it was only named by a client. */
  version: string | null;
  createdAt: Date;
}
