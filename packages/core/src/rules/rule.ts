import type { Priority } from '../jobs/job.ts';

/** That nothing runs for so long. */
export interface NoRun {
  hours: number;
  /** Whether runs count when they start or when they end. */
  of: 'start' | 'end';
  /** Number of a periodic job whose runs alone count. */
  schedule: number | null;
  /** Whether the end of the silence is told, too. */
  recovery: boolean;
}

/** Which ends of jobs are meant, or with `noRun` the lack of them. Lists that are empty mean all. */
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
  /** None of these for so long: each of `spiders` by itself, or the project as a whole. Null: it is the ends that count. */
  noRun: NoRun | null;
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

/** People of the project are mailed, at the addresses that they have shown to be theirs. */
export interface EmailAction {
  channel: 'email';
  /** Numbers of users. */
  users: number[];
}

export type RuleAction = RunAction | WebhookAction | SlackAction | EmailAction;

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
