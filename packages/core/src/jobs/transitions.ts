import type { JobState } from './job.ts';

/** As the database knows it: `admitted` is the queue's own word for a pending job whose ticket is out. */
export type StoredState = JobState | 'admitted';

export const STORED_STATES: readonly StoredState[] = [
  'pending',
  'admitted',
  'running',
  'finished',
  'deleted',
];

/** What can happen to a job that is there. */
export type Verb =
  /** The leader gives it a ticket. */
  | 'admit'
  /** A worker of ours wins its ticket. */
  | 'claim'
  /** An outside worker takes it. */
  | 'take'
  /** Somebody wants it to end. */
  | 'stop'
  /** Its attempt ended, and the job with it. */
  | 'end'
  /** Its attempt ended, and its policy wants another one. */
  | 'retry'
  /** A caller says in which state it is: jobs of outside workers. */
  | 'move to pending'
  | 'move to running'
  | 'move to finished'
  | 'remove'
  /** An operator undoes that. */
  | 'restore';

export type JobEvent =
  | 'job.scheduled'
  | 'job.started'
  | 'job.requeued'
  | 'job.finished'
  | 'job.cancelled'
  | 'job.deleted'
  | 'job.restored';

export interface Transition {
  to: StoredState;
  /** Rows of the event log, in this order. None: it is nobody's business. */
  events: readonly JobEvent[];
  /** Who does not wait for its next look: the worker that runs the job, or the leader, because there is work or room. */
  tells?: readonly ('worker' | 'leader')[];
}

const cancelled: Transition = { to: 'finished', events: ['job.cancelled', 'job.finished'] };
const queued: Transition = { to: 'pending', events: ['job.requeued'], tells: ['leader'] };
const started: Transition = { to: 'running', events: ['job.started'] };
const finished: Transition = { to: 'finished', events: ['job.finished'] };
const deleted: Transition = { to: 'deleted', events: ['job.deleted'] };

/**
 * The life of a job: state x verb. Where nothing stands, nothing happens. The statements take their guards from here
 * (`statesOf`); counts and events are written by triggers of the tables, so no statement can forget them.
 */
export const TRANSITIONS: Record<Verb, Partial<Record<StoredState, Transition>>> = {
  admit: { pending: { to: 'admitted', events: [] } },
  claim: { admitted: started },
  take: { pending: started },
  // A running crawl is asked and ends by its worker. Asking again is heard, but happens once.
  stop: {
    pending: cancelled,
    admitted: cancelled,
    running: { to: 'running', events: ['job.cancelled'], tells: ['worker'] },
  },
  end: { running: { ...finished, tells: ['leader'] } },
  retry: { running: queued },
  // Moved out of the hands of our worker, a job's crawl is fenced; the worker need not find out by itself.
  'move to pending': { running: { ...queued, tells: ['worker', 'leader'] }, finished: queued },
  'move to running': { pending: started, admitted: started, finished: started },
  'move to finished': { pending: finished, admitted: finished, running: { ...finished, tells: ['worker'] } },
  remove: {
    pending: deleted,
    admitted: deleted,
    running: { ...deleted, tells: ['worker'] },
    finished: deleted,
  },
  restore: { deleted: { to: 'finished', events: ['job.restored'] } },
};

/** The states in which the verb does something. */
export function statesOf(verb: Verb): StoredState[] {
  return STORED_STATES.filter((state) => TRANSITIONS[verb][state]);
}
