import { readJobKey } from '../jobs/key.ts';
import type { JobTokens } from '../ports/job-tokens.ts';
import type { JobView } from '../ports/job-view.ts';
import type { Principal } from './principal.ts';

/** How long an answer is trusted: a token outlives its job's end by at most this much more. */
const TRUST_MS = 1000;
const MAX_ENTRIES = 10_000;
/** What a crawl had buffered when it was declared finished may still come in for so long. */
const LATE_WRITES_MS = 10 * 60_000;

/** Says who comes with a job token. */
export interface JobAccess {
  /**
   * The principal of a crawl, good for nothing but its own job and its project's collections and frontier. Null when
   * the token is not good, or its job does not run.
   */
  authenticate(user: string, token: string): Promise<Principal | null>;
}

export function createJobAccess(tokens: JobTokens, jobs: JobView, now: () => number = Date.now): JobAccess {
  const answers = new Map<string, { who: Promise<Principal | null>; until: number }>();

  async function principalOf(user: string): Promise<Principal | null> {
    const key = readJobKey(user);
    const job = key && (await jobs.find(key));
    if (!job) return null;
    const isOver = job.state === 'finished';
    if (isOver && now() - (job.finishedAt?.getTime() ?? 0) > LATE_WRITES_MS) return null;
    if (!isOver && job.state !== 'running') return null;
    return {
      name: `job ${user}`,
      projects: new Set([job.key.project]),
      staff: false,
      organisations: [],
      job: { key: job.key, isOver },
    };
  }

  function remembered(user: string): Promise<Principal | null> {
    const known = answers.get(user);
    if (known && known.until > now()) return known.who;
    if (answers.size >= MAX_ENTRIES) answers.clear();
    const who = principalOf(user);
    answers.set(user, { who, until: now() + TRUST_MS });
    who.catch(() => answers.delete(user));
    return who;
  }

  return {
    async authenticate(user, token) {
      const key = readJobKey(user);
      return key && tokens.verify(key, token) ? remembered(user) : null;
    },
  };
}
