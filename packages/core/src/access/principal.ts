import type { JobKey } from '../jobs/job.ts';
import type { ProjectRoles, Role } from './roles.ts';

/** Who is asking: one API key, session, job token or user of Scrapyd's dialect, resolved. */
export interface Principal {
  /** Name shown in `scheduled_by` and its siblings. */
  name: string;
  /** Number of the user behind it; null for keys of projects, staff keys, crawls and users of Scrapyd's dialect. */
  user: number | null;
  /** Number of the API key or of the session that was shown. */
  shown: { key: number } | { session: number } | null;
  /** Projects that the caller is a member of, which is what `listprojects` shows, and what it is there. */
  projects: ReadonlyMap<number, ProjectRoles>;
  /** A staff key, and a session of a user of the staff: reaches every project, though it lists only its memberships. */
  staff: boolean;
  /** Organisations that the caller is a member of, and what it is there. Empty for a key of one project. */
  organisations: ReadonlyMap<number, Role>;
  /** Set for a key that is good for less than its owner. */
  bounds?: KeyBounds;
  /** Set for a crawl that came with a job token: what that may do is in the table of actions. */
  job?: { key: JobKey; isOver: boolean };
}

/** What a key is good for, beside what its owner may do. */
export interface KeyBounds {
  /** Null: all actions. */
  actions: ReadonlySet<string> | null;
  /** Set when it is good for some projects alone: those that the principal has, without their organisations. */
  projectsOnly: boolean;
  /** From where it is good; null: from everywhere. */
  networks: readonly string[] | null;
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
