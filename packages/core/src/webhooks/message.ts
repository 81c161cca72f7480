import { dataOf, type LoggedEvent, TAGGED } from '../events/events.ts';
import type { Job } from '../jobs/job.ts';
import { formatJobKey } from '../jobs/key.ts';
import type { WebhookPlan } from './webhook.ts';

/** A longer message loses what its event says of itself, bytes. */
const MAX_BYTES = 20 * 1024;

/** What goes to receivers, whoever they are. */
export interface Message {
  id: string;
  type: string;
  body: string;
}

/** Whether a receiver wants to hear of an event. `job`: the job that it is about, as it is now. */
export function isWanted(
  { types, spiders, hasTag }: Pick<WebhookPlan, 'types' | 'spiders' | 'hasTag'>,
  event: LoggedEvent,
  job: Job | null,
): boolean {
  // A receiver of everything that tags what it is told of would hear of that, and go on for ever.
  if (types.length > 0 ? !types.includes(event.type) : event.type === TAGGED) return false;
  if (spiders.length > 0 && !(job && spiders.includes(job.spiderName))) return false;
  return hasTag.length === 0 || (job !== null && hasTag.some((tag) => job.tags.includes(tag)));
}

/**
 * An event as a message. Of a job it tells what lists show, without its items, arguments and settings: they may hold
 * secrets, and a receiver is somebody else's machine.
 */
export function messageOf(event: LoggedEvent, job: Job | null): Message {
  const { id, type, at, project, actor } = event;
  const known = dataOf(event);
  const about = { project, ...(event.job && { job: formatJobKey({ project, ...event.job }) }), actor };
  const body = (data: object) => JSON.stringify({ type, timestamp: at.toISOString(), data });
  const whole = body({ ...about, ...(job && jobFacts(job)), ...saidBy(type, known) });
  if (Buffer.byteLength(whole) <= MAX_BYTES) return { id, type, body: whole };
  const short = body({ ...about, ...(job && jobFacts({ ...job, tags: [] })), truncated: true });
  return {
    id,
    type,
    body: Buffer.byteLength(short) <= MAX_BYTES ? short : body({ ...about, truncated: true }),
  };
}

/** What a caller reports may be anything; what we say of ourselves is an object. */
function saidBy(type: string, known: unknown): object {
  if (type === 'project.reported') return { reported: known };
  return typeof known === 'object' && known !== null ? known : {};
}

function jobFacts(job: Job) {
  const { runningAt, finishedAt } = job;
  const durationMs = runningAt && finishedAt ? finishedAt.getTime() - runningAt.getTime() : null;
  return {
    spider: job.spiderName,
    state: job.state,
    close_reason: job.closeReason,
    attempt: job.attempt,
    version: job.version,
    tags: job.tags,
    counts: job.counts,
    scheduled_by: job.scheduledBy,
    duration_seconds: durationMs === null ? null : Math.round(durationMs / 1000),
  };
}
