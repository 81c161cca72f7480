import type { Actor } from '../access/actor.ts';
import type { LoggedEvent } from '../events/events.ts';
import type { Job } from '../jobs/job.ts';
import type { Rule } from '../rules/rule.ts';

/** For tests: a finished job 1/2/3, the event that says so, a rule that it meets, and who does things. */
export const ACTOR: Actor = {
  kind: 'user',
  name: 'eve',
  user: 7,
  key: null,
  session: 70,
  address: '192.0.2.1',
  client: 'test',
};

export function aJob(more: Partial<Job> = {}): Job {
  return {
    id: 99,
    key: { project: 1, spider: 2, job: 3 },
    spiderName: 'books',
    state: 'finished',
    attempt: 1,
    priority: 2,
    units: 1,
    tags: ['daily'],
    version: 'v1',
    closeReason: 'finished',
    stateSince: new Date('2026-01-01T00:02:00Z'),
    pendingAt: new Date('2026-01-01T00:00:00Z'),
    runningAt: new Date('2026-01-01T00:01:00Z'),
    finishedAt: new Date('2026-01-01T00:02:00Z'),
    deletedAt: null,
    scheduledBy: 'eve',
    startedBy: null,
    completedBy: null,
    cancelledBy: null,
    deletedBy: null,
    stopRequested: false,
    external: false,
    counts: { items: 5, pages: 6, logs: 7, errors: 0 },
    args: { page: '9' },
    ...more,
  };
}

export function anEvent(more: Partial<LoggedEvent> = {}): LoggedEvent {
  return {
    id: 'log-1-2',
    type: 'job.finished',
    project: 1,
    job: { spider: 2, job: 3 },
    actor: 'worker',
    data: null,
    at: new Date('2026-01-01T00:02:00Z'),
    ...more,
  };
}

export function aRule(more: Partial<Rule> = {}): Rule {
  return {
    id: 4,
    project: 1,
    name: 'after books',
    when: {
      spiders: [],
      hasTag: [],
      outcomes: [],
      exceptOutcomes: [],
      minErrors: null,
      isEmpty: false,
      lastWithTag: null,
      noRun: null,
    },
    action: { channel: 'slack', url: 'https://chat.example.com/x' },
    disabled: false,
    createdBy: 'eve',
    createdAt: new Date(0),
    ...more,
  };
}
