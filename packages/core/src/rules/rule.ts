import type { Priority } from '../jobs/job.ts';

/** Which ends of jobs are meant. Lists that are empty mean all. */
export interface RuleConditions {
  spiders: string[];
  /** Jobs that carry at least one of these. */
  hasTag: string[];
  /** Close reasons. */
  outcomes: string[];
  /** Close reasons that are not meant. */
  exceptOutcomes: string[];
  /** At least so many errors in the log. */
  minErrors: number | null;
  /** Without a single item. */
  isEmpty: boolean;
  /** The last one: no other job with this tag is active, and none of them ended after it. */
  lastWithTag: string | null;
}

/** A job that is scheduled; texts may hold `{{job.key}}` and its like. */
export interface RunAction {
  channel: 'run';
  spider: string;
  args: Record<string, string>;
  tags: string[];
  priority: Priority;
}

/** One of the project's webhooks gets a message. */
export interface WebhookAction {
  channel: 'webhook';
  webhook: number;
}

/** An incoming webhook of Slack, or of something that understands its `{"text"}`. */
export interface SlackAction {
  channel: 'slack';
  url: string;
}

export type RuleAction = RunAction | WebhookAction | SlackAction;

export interface RulePlan {
  name: string;
  when: RuleConditions;
  action: RuleAction;
  disabled: boolean;
}

export interface Rule extends RulePlan {
  id: number;
  project: number;
  createdBy: string;
  createdAt: Date;
}

/** What came of one event. `held`: it waits for the digest of its hour. */
export type FiringOutcome = 'scheduled' | 'told' | 'held' | 'digested' | 'refused';

export interface RuleFiring {
  rule: number;
  event: string;
  at: Date;
  /** Key of the job whose end it was. */
  source: string | null;
  outcome: FiringOutcome;
  reason: string | null;
  /** Key of the job that was made. */
  job: string | null;
  /** How many jobs before that one were made by rules, one because of the other. */
  depth: number;
}

/** Jobs that rules make because of jobs that rules made: no chain is longer. */
export const MAX_DEPTH = 8;
/** Messages of one rule in an hour, before the rest becomes one digest. */
export const MAX_AN_HOUR = 20;
