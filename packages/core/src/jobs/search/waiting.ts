import type { WaitFacts } from '../../ports/job-search-view.ts';

export interface WaitReason {
  reason: 'queue' | 'project limit' | 'spider limit' | 'no worker' | 'paused' | 'retry' | 'outside';
  /** For people. */
  words: string;
  until: Date | null;
}

/** Why a pending job does not run yet: the first rule that keeps it, in the order in which the leader asks. */
export function waitReason(facts: WaitFacts, now: Date): WaitReason {
  const { external, waitUntil, paused, projectLimit, projectRunning, spiderLimit, spiderRunning, slots } =
    facts;
  if (external) return reason('outside', 'kept for a worker outside');
  if (paused) return reason('paused', 'the project is paused');
  if (waitUntil && waitUntil > now) {
    const seconds = Math.ceil((waitUntil.getTime() - now.getTime()) / 1000);
    return { reason: 'retry', words: `next try in ${seconds} s`, until: waitUntil };
  }
  if (slots === 0) return reason('no worker', 'no worker is there');
  if (projectLimit !== null && projectRunning >= projectLimit)
    return reason('project limit', `project limit ${projectRunning} of ${projectLimit}`);
  if (spiderLimit !== null && spiderRunning >= spiderLimit)
    return reason('spider limit', `spider limit ${spiderRunning} of ${spiderLimit}`);
  return reason('queue', 'in the queue');
}

function reason(name: WaitReason['reason'], words: string): WaitReason {
  return { reason: name, words, until: null };
}
