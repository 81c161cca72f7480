import type { Job, JobKey } from '../jobs/job.ts';

/** A project as it is now, as far as those who watch it see it. */
export interface ProjectLook {
  pending: number;
  running: number;
  /** Without those that there are not any more. */
  jobs: Job[];
}

/** How those who watch projects look at them: one statement a look, whatever it shows. */
export interface ProjectLooks {
  /** The jobs of these keys, and with `isActive` those that run: 200 of them, the newest ones. */
  look(project: number, asked: { keys: readonly JobKey[]; isActive: boolean }): Promise<ProjectLook>;
}
