import type { JobKey } from '../jobs/job.ts';
import { readJobKey } from '../jobs/key.ts';
import type { JobTokens } from '../ports/job-tokens.ts';
import type { JobView } from '../ports/job-view.ts';
import type { Principal } from './principal.ts';

/** What a crawl had buffered when it was declared finished may still come in for so long. */
const LATE_WRITES_MS = 10 * 60_000;

/** Says who comes with a job token. */
export interface JobAccess {
  /**
   * The principal of a crawl, good for its own job and for what a crawl reads of its project. Null when
   * the token is not good, or its job does not run.
   */
  authenticate(user: string, token: string): Promise<Principal | null>;
}

export function createJobAccess(tokens: JobTokens, jobs: JobView, now: () => number = Date.now): JobAccess {
  // Nothing is remembered: a token must not outlive its job, not even by the moment that an answer would be trusted.
  async function principalOf(user: string, key: JobKey): Promise<Principal | null> {
    const job = await jobs.find(key);
    if (!job) return null;
    const isOver = job.state === 'finished';
    if (isOver && now() - (job.finishedAt?.getTime() ?? 0) > LATE_WRITES_MS) return null;
    if (!isOver && job.state !== 'running') return null;
    return {
      name: `job ${user}`,
      user: null,
      shown: null,
      projects: new Map([[job.key.project, { inherited: null, own: null }]]),
      staff: false,
      organisations: new Map(),
      job: { key: job.key, isOver },
    };
  }

  return {
    async authenticate(user, token) {
      const key = readJobKey(user);
      return key && tokens.verify(key, token) ? principalOf(user, key) : null;
    },
  };
}
