import { z } from 'zod';
import { contract } from './contract.ts';
import { READ_ERRORS, WRITE_ERRORS } from './errors.ts';
import { Done, Id, None, OfJob, OfProject, PathNumber, queryNumber, Time } from './fields.ts';

const MAX_FIRINGS = 200;

const Words = z.array(z.string()).optional();

const MAX_HOURS = 24 * 366;

/** That nothing runs. It is told once, and again when `recovery` says so and it runs again. */
const NoRun = z
  .strictObject({
    hours: z.int().min(1).max(MAX_HOURS),
    /** Whether runs count when they start or, by default, when they end. */
    of: z.enum(['start', 'end']).optional(),
    /** Runs of this periodic job alone. */
    schedule: Id.nullable().optional(),
    recovery: z.boolean().optional(),
  })
  .meta({ id: 'NoRun' });

/** Ends of jobs that are meant; what is not named does not matter. */
const When = z
  .strictObject({
    spiders: Words,
    /** Jobs that carry at least one of these. */
    hasTag: Words,
    /** Close reasons, such as `finished`. */
    outcomes: Words,
    exceptOutcomes: Words,
    /** At least so many errors in the log. */
    minErrors: z.int().min(1).nullable().optional(),
    /** Without a single item. */
    isEmpty: z.boolean().optional(),
    /** The last one: no other job with this tag is active. */
    lastWithTag: z.string().nullable().optional(),
    /** No run for so long: of each of `spiders` by itself, or of the whole project. */
    noRun: NoRun.nullable().optional(),
  })
  .meta({ id: 'RuleConditions' });

const Action = z
  .discriminatedUnion('channel', [
    z.strictObject({
      /** Schedules a job; texts may hold `{{job.key}}`, `{{job.spider}}`, `{{tags}}`, `{{job.args.NAME}}` and others. */
      channel: z.literal('run'),
      spider: z.string().min(1).max(255),
      args: z.record(z.string(), z.string()).optional(),
      tags: z.array(z.string()).optional(),
      priority: z.int().min(0).max(4).optional(),
    }),
    /** A webhook of the project gets an `alert`. */
    z.strictObject({ channel: z.literal('webhook'), webhook: Id }),
    /** An incoming webhook of Slack, or what understands its `{"text"}`. */
    z.strictObject({ channel: z.literal('slack'), url: z.string().min(1) }),
    /** Users who belong to the project are mailed, at addresses that they have shown to be theirs. */
    z.strictObject({ channel: z.literal('email'), users: z.array(Id).min(1).max(20) }),
  ])
  .meta({ id: 'RuleAction' });

const plan = {
  name: z.string().min(1).max(255),
  when: When,
  action: Action,
  disabled: z.boolean().optional(),
};

export const Rule = z
  .strictObject({ id: Id, ...plan, disabled: z.boolean(), createdBy: z.string(), createdAt: Time })
  .meta({ id: 'Rule' });

const Firing = z
  .strictObject({
    rule: Id,
    /** Id of the event. */
    event: z.string(),
    at: Time,
    /** The job whose end it was. */
    source: z.string().nullable(),
    outcome: z.enum(['scheduled', 'told', 'held', 'digested', 'refused']),
    reason: z.string().nullable(),
    /** The job that was made. */
    job: z.string().nullable(),
    /** How many jobs before that one were made by rules, one because of the other. */
    depth: z.int(),
  })
  .meta({ id: 'RuleFiring' });

const OfRule = OfProject.extend({ rule: PathNumber });

export const ruleContracts = {
  list: contract({
    id: 'listRules',
    method: 'get',
    path: '/projects/:project/rules',
    summary: 'What follows when jobs of a project end',
    params: OfProject,
    query: None,
    body: null,
    reply: z.strictObject({ rules: z.array(Rule) }).meta({ id: 'RuleList' }),
    errors: READ_ERRORS,
  }),
  create: contract({
    id: 'createRule',
    method: 'post',
    path: '/projects/:project/rules',
    summary: 'Run another job, or tell somebody, whenever jobs end in some way',
    params: OfProject,
    query: None,
    body: z.strictObject(plan),
    reply: Rule,
    errors: WRITE_ERRORS,
  }),
  read: contract({
    id: 'readRule',
    method: 'get',
    path: '/projects/:project/rules/:rule',
    summary: 'A rule',
    params: OfRule,
    query: None,
    body: null,
    reply: Rule,
    errors: READ_ERRORS,
  }),
  change: contract({
    id: 'changeRule',
    method: 'patch',
    path: '/projects/:project/rules/:rule',
    summary: 'Change or disable a rule: what is not named stays',
    params: OfRule,
    query: None,
    body: z.strictObject(plan).partial(),
    reply: Rule,
    errors: WRITE_ERRORS,
  }),
  remove: contract({
    id: 'removeRule',
    method: 'delete',
    path: '/projects/:project/rules/:rule',
    summary: 'Remove a rule; what it started stays',
    params: OfRule,
    query: None,
    body: null,
    reply: Done,
    errors: WRITE_ERRORS,
  }),
  addressees: contract({
    id: 'listAddressees',
    method: 'get',
    path: '/projects/:project/addressees',
    summary: 'Whom rules of a project may mail',
    params: OfProject,
    query: None,
    body: null,
    reply: z
      .strictObject({
        /** Whether this service sends mail at all. */
        mail: z.boolean(),
        addressees: z.array(z.strictObject({ user: Id, name: z.string() }).meta({ id: 'Addressee' })),
      })
      .meta({ id: 'Addressees' }),
    errors: READ_ERRORS,
  }),
  firings: contract({
    id: 'listRuleFirings',
    method: 'get',
    path: '/projects/:project/rules/:rule/firings',
    summary: 'What a rule did, the newest first',
    params: OfRule,
    query: z.strictObject({
      /** `at` of the last one of the page before. */
      before: z.iso.datetime({ offset: true }).optional(),
      /** Those of the last one's moment come with it, however many they are. */
      limit: queryNumber(1, MAX_FIRINGS).optional(),
    }),
    body: null,
    reply: z.strictObject({ firings: z.array(Firing) }).meta({ id: 'RuleFirings' }),
    errors: READ_ERRORS,
  }),
  ofJob: contract({
    id: 'listJobTriggers',
    method: 'get',
    path: '/projects/:project/jobs/:spider/:job/triggers',
    summary: 'What rules made a job, and what followed its end',
    params: OfJob,
    query: None,
    body: null,
    reply: z.strictObject({ madeBy: Firing.nullable(), made: z.array(Firing) }).meta({ id: 'JobTriggers' }),
    errors: READ_ERRORS,
  }),
};
