import { DomainError } from '../errors.ts';
import type { LoggedEvent } from '../events/events.ts';
import { checkArgs, MAX_ARGS, MAX_TAG } from '../jobs/args.ts';
import type { Job } from '../jobs/job.ts';
import { formatJobKey } from '../jobs/key.ts';
import type { ScheduleRequest } from '../jobs/schedule.ts';
import { digestNotice, jobNotice, type Notice } from '../notices/notice.ts';
import { messageOf } from '../webhooks/message.ts';
import type { Rule, RuleConditions, RunAction } from './rule.ts';
import { filledIn } from './template.ts';

/** A job of a rule is scheduled by this name. */
export const BY_RULE = 'rule';

/** What a rule asks for because of one event; whether it is done is looked at when it is stored. */
export type Firing = {
  rule: Rule;
  event: string;
  job: Job;
} & ({ request: ScheduleRequest } | { refusal: string } | Told);

/** What a rule tells: a message to a receiver, or a notice to people. */
export type Told = { type: string; body: string } | { notice: Notice };

/** Rules that an event sets off. */
export function firingsOf(rules: readonly Rule[], event: LoggedEvent, job: Job | null): Firing[] {
  if (event.type !== 'job.finished' || !job) return [];
  return rules
    .filter((rule) => rule.project === event.project && !rule.disabled && isMet(rule.when, job))
    .map((rule) => firingOf(rule, event, job));
}

function isMet(when: RuleConditions, { spiderName, tags, closeReason, counts }: Job): boolean {
  const { spiders, hasTag, outcomes, exceptOutcomes, minErrors, isEmpty, lastWithTag, noRun } = when;
  const reason = closeReason ?? '';
  return (
    noRun === null &&
    (spiders.length === 0 || spiders.includes(spiderName)) &&
    (hasTag.length === 0 || hasTag.some((tag) => tags.includes(tag))) &&
    (outcomes.length === 0 || outcomes.includes(reason)) &&
    !exceptOutcomes.includes(reason) &&
    (minErrors === null || counts.errors >= minErrors) &&
    (!isEmpty || counts.items === 0) &&
    (lastWithTag === null || tags.includes(lastWithTag))
  );
}

function firingOf(rule: Rule, event: LoggedEvent, job: Job): Firing {
  const { action } = rule;
  const about = { rule, event: event.id, job };
  if (action.channel === 'run') return { ...about, ...runOf(rule, action, event, job) };
  if (action.channel === 'email') return { ...about, notice: jobNotice(rule, job) };
  if (action.channel === 'slack')
    return { ...about, type: 'alert', body: JSON.stringify({ text: sentence(rule, job) }) };
  return { ...about, type: 'alert', body: alertBody(rule, event, job) };
}

/** What a job says of itself may be more than a job can hold: then there is none. */
function runOf(rule: Rule, action: RunAction, event: LoggedEvent, job: Job) {
  try {
    return { request: requestOf(rule, action, event, job) };
  } catch (error) {
    if (error instanceof DomainError && error.kind === 'invalid') return { refusal: error.message };
    throw error;
  }
}

function argsOf(action: RunAction, job: Job): Record<string, string> {
  let left = MAX_ARGS;
  const args = Object.entries(action.args).map(([name, text]) => {
    const filled = filledIn(text, job, left);
    left -= filled.length;
    return [name, filled];
  });
  return checkArgs(Object.fromEntries(args) as Record<string, string>);
}

function requestOf({ id, project }: Rule, action: RunAction, event: LoggedEvent, job: Job): ScheduleRequest {
  return {
    project,
    spider: action.spider,
    args: argsOf(action, job),
    tags: [...new Set(action.tags.map((tag) => filledIn(tag, job, MAX_TAG)).filter((tag) => tag !== ''))],
    priority: action.priority,
    units: 1,
    settings: {},
    environment: {},
    command: null,
    meta: { triggered_by: JSON.stringify(formatJobKey(job.key)), trigger_rule: String(id) },
    version: null,
    state: 'pending',
    external: false,
    uniqueKey: null,
    // With blanks: no caller of the API may send such a key.
    idempotencyKey: `rule ${id} ${event.id}`,
    scheduledBy: BY_RULE,
    requestId: null,
  };
}

function alertBody({ id, name }: Rule, event: LoggedEvent, job: Job): string {
  const { type: _type, ...known } = JSON.parse(messageOf(event, job).body) as { type: string; data: object };
  return JSON.stringify({ type: 'alert', ...known, data: { rule: { id, name }, ...known.data } });
}

/** For people, in one line; what a crawl says of itself is text, and no markup. */
function sentence({ name }: Rule, { key, spiderName, closeReason, counts }: Job): string {
  const ended = `${spiderName} (${formatJobKey(key)}) ended as ${closeReason ?? 'unknown'}`;
  return plain(`${name}: ${ended}, ${counts.items} items, ${counts.errors} errors`);
}

/** What many ends of jobs come to in one message. */
export function digestOf(rule: Rule, sources: readonly string[], count: number): Told {
  const { name, action } = rule;
  if (action.channel === 'email') return { notice: digestNotice(rule, sources, count) };
  const text = plain(
    `${name}: ${count} more within an hour: ${sources.join(', ')}${count > sources.length ? ', …' : ''}`,
  );
  const body =
    action.channel === 'slack' ? { text } : { type: 'alert.digest', data: { name, count, jobs: sources } };
  return { type: 'alert.digest', body: JSON.stringify(body) };
}

/** Slack reads `<…>` as links and mentions, and `&` as the beginning of an entity. */
export function plain(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
