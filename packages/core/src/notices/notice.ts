import type { LoggedEvent } from '../events/events.ts';
import type { Job } from '../jobs/job.ts';
import { formatJobKey } from '../jobs/key.ts';

/** What is mailed to people about their project: text alone. */
export interface Notice {
  /** One line. */
  subject: string;
  text: string;
  /** Where the page tells more, behind the address of the service; null: nowhere. */
  place: string | null;
}

/** Notices to the people of one organisation in an hour, from all of its rules: nobody's post is flooded through us. */
export const MAX_NOTICES_AN_HOUR = 200;

const MAX_SUBJECT = 200;

/** A rule, as notices name it. */
export interface RuleName {
  id: number;
  project: number;
  name: string;
}

/** Says that a job ended. */
export function jobNotice(rule: RuleName, job: Job): Notice {
  const { key, spiderName, closeReason, counts, version, attempt, finishedAt } = job;
  const ended = `${spiderName} (${formatJobKey(key)}) ended as ${closeReason ?? 'unknown'}`;
  const when = finishedAt ? ` at ${shortTime(finishedAt)}` : '';
  const facts = `${counts.items} items, ${counts.pages} pages, ${counts.errors} errors`;
  const tried = `Version ${version ?? 'unknown'}${attempt > 1 ? `, after ${attempt} attempts` : ''}.`;
  return notice(rule, ended, [`${ended}${when}: ${facts}.`, tried], placeOfJob(key));
}

/** Says of many ends of jobs that they came to more than is told one by one. `sources`: some of their keys. */
export function digestNotice(rule: RuleName, sources: readonly string[], count: number): Notice {
  const some = sources.length === 0 ? '' : `: ${sources.join(', ')}${count > sources.length ? ', …' : ''}`;
  const text = `It had ${count} more to tell within an hour than is told one by one${some}.`;
  return notice(rule, `${count} more`, [text], null);
}

/** Says in a sentence that something does not run, or runs again. */
export function silenceNotice(rule: RuleName, sentence: string): Notice {
  return notice(rule, sentence, [`${sentence.slice(0, 1).toUpperCase()}${sentence.slice(1)}.`], null);
}

/** Says that a webhook gets nothing any more; null for all other events. For those who administer the project. */
export function disabledNotice(event: LoggedEvent): Notice | null {
  if (event.type !== 'webhook.disabled') return null;
  const { webhook, rule, reason } = JSON.parse(event.data ?? '{}') as {
    webhook?: number;
    rule?: number;
    reason?: string;
  };
  const what = typeof rule === 'number' ? `The address of rule ${rule}` : `Webhook ${webhook ?? ''}`;
  return {
    subject: oneLine(`${what} of project ${event.project} is disabled`),
    text: `${what} of project ${event.project} was disabled at ${shortTime(event.at)}, because ${reason ?? 'it was'}.\n\nWhat waits for it is sent once it is enabled again; what happens until then is not.\n`,
    place: `/p/${event.project}`,
  };
}

function notice(rule: RuleName, what: string, paragraphs: string[], place: string | null): Notice {
  const because = `You are told by rule ${rule.id} of project ${rule.project}, "${rule.name}".`;
  return {
    subject: oneLine(`${rule.name}: ${what}`),
    text: `${[...paragraphs, because].join('\n\n')}\n`,
    place: place ?? `/p/${rule.project}`,
  };
}

const placeOfJob = ({ project, spider, job }: Job['key']) => `/p/${project}/job/${spider}/${job}`;

/** `2026-01-31 12:00 UTC` */
function shortTime(at: Date): string {
  return `${at.toISOString().slice(0, 16).replace('T', ' ')} UTC`;
}

/** Names come from crawls and callers: no line breaks, and no more than fits. */
function oneLine(text: string): string {
  const line = text.replaceAll(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, ' ');
  return line.length > MAX_SUBJECT ? `${line.slice(0, MAX_SUBJECT - 1)}…` : line;
}
