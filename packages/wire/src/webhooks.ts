import { z } from 'zod';
import { contract } from './contract.ts';
import { READ_ERRORS, WRITE_ERRORS } from './errors.ts';
import { Done, Id, None, OfProject, PathNumber, QueryList, queryNumber, Time } from './fields.ts';

const MAX_DELIVERIES = 200;

const plan = {
  /** `http://…` or `https://…`, without a user in it. */
  url: z.string().min(1),
  description: z.string().optional(),
  /** Types of events; none: all. */
  types: z.array(z.string()).optional(),
  /** Names of spiders; none: all. */
  spiders: z.array(z.string()).optional(),
  /** Jobs that carry at least one of these; none: all. */
  hasTag: z.array(z.string()).optional(),
};

export const Webhook = z
  .strictObject({
    id: Id,
    url: z.string(),
    description: z.string(),
    types: z.array(z.string()),
    spiders: z.array(z.string()),
    hasTag: z.array(z.string()),
    disabled: z.boolean(),
    disabledAt: Time.nullable(),
    /** Why, for people. */
    disabledWhy: z.string().nullable(),
    /** Since when every try has failed; null when the last one did not. */
    failingSince: Time.nullable(),
    createdBy: z.string(),
    createdAt: Time,
  })
  .meta({ id: 'Webhook' });

const Secret = z.strictObject({ secret: z.string() }).meta({ id: 'WebhookSecret' });
const MadeWebhook = z
  .strictObject({
    webhook: Webhook,
    /** Shown this one time. */
    secret: z.string(),
  })
  .meta({ id: 'MadeWebhook' });

const State = z.enum(['waiting', 'delivered', 'failed']);

export const Delivery = z
  .strictObject({
    /** What the receiver gets as `webhook-id`, the same at each try. */
    id: z.string(),
    type: z.string(),
    state: State,
    tries: z.int(),
    createdAt: Time,
    /** When it is tried next; null when it is not. */
    nextAt: Time.nullable(),
    triedAt: Time.nullable(),
    /** Status of the last answer. */
    status: z.int().nullable(),
    error: z.string().nullable(),
    durationMs: z.int().nullable(),
    /** The beginning of the last answer. */
    answer: z.string().nullable(),
  })
  .meta({ id: 'Delivery' });

const Moment = z.iso.datetime({ offset: true });
const OfWebhook = OfProject.extend({ webhook: PathNumber });

export const webhookContracts = {
  list: contract({
    id: 'listWebhooks',
    method: 'get',
    path: '/projects/:project/webhooks',
    summary: 'Receivers of events of a project',
    params: OfProject,
    query: None,
    body: null,
    reply: z.strictObject({ webhooks: z.array(Webhook) }).meta({ id: 'WebhookList' }),
    errors: READ_ERRORS,
  }),
  create: contract({
    id: 'createWebhook',
    method: 'post',
    path: '/projects/:project/webhooks',
    summary: 'Send events of a project to an address; the secret that they are signed with is shown once',
    params: OfProject,
    query: None,
    body: z.strictObject(plan),
    reply: MadeWebhook,
    errors: WRITE_ERRORS,
  }),
  read: contract({
    id: 'readWebhook',
    method: 'get',
    path: '/projects/:project/webhooks/:webhook',
    summary: 'A receiver of events',
    params: OfWebhook,
    query: None,
    body: null,
    reply: Webhook,
    errors: READ_ERRORS,
  }),
  change: contract({
    id: 'changeWebhook',
    method: 'patch',
    path: '/projects/:project/webhooks/:webhook',
    summary: 'Change, disable or enable a receiver of events: what is not named stays',
    params: OfWebhook,
    query: None,
    body: z.strictObject({ ...plan, url: plan.url.optional(), disabled: z.boolean().optional() }),
    reply: Webhook,
    errors: WRITE_ERRORS,
  }),
  remove: contract({
    id: 'removeWebhook',
    method: 'delete',
    path: '/projects/:project/webhooks/:webhook',
    summary: 'Remove a receiver of events, with what waits for it',
    params: OfWebhook,
    query: None,
    body: null,
    reply: Done,
    errors: WRITE_ERRORS,
  }),
  rotate: contract({
    id: 'rotateWebhookSecret',
    method: 'post',
    path: '/projects/:project/webhooks/:webhook/secret',
    summary: 'A new secret, shown once; the old one signs beside it for 24 hours',
    params: OfWebhook,
    query: None,
    body: None,
    reply: Secret,
    errors: WRITE_ERRORS,
  }),
  test: contract({
    id: 'testWebhook',
    method: 'post',
    path: '/projects/:project/webhooks/:webhook/test',
    summary: 'Send a message that is no event',
    params: OfWebhook,
    query: None,
    body: None,
    reply: z.strictObject({ id: z.string() }).meta({ id: 'TestMessage' }),
    errors: WRITE_ERRORS,
  }),
  deliveries: contract({
    id: 'listDeliveries',
    method: 'get',
    path: '/projects/:project/webhooks/:webhook/deliveries',
    summary: 'What was sent to a receiver, and what came of it, the newest first',
    params: OfWebhook,
    query: z.strictObject({
      state: QueryList.optional(),
      /** Made before this moment: `createdAt` of the last one of the page before. */
      before: Moment.optional(),
      /** Those of the last one's moment come with it, however many they are. */
      limit: queryNumber(1, MAX_DELIVERIES).optional(),
    }),
    body: null,
    reply: z.strictObject({ deliveries: z.array(Delivery) }).meta({ id: 'DeliveryList' }),
    errors: READ_ERRORS,
  }),
  replay: contract({
    id: 'replayDeliveries',
    method: 'post',
    path: '/projects/:project/webhooks/:webhook/deliveries/replay',
    summary: 'Send again, with the same ids: one message, or those of a span of time',
    params: OfWebhook,
    query: None,
    body: z.strictObject({
      /** One message. */
      id: z.string().max(100).optional(),
      since: Moment.optional(),
      until: Moment.optional(),
      /** Of a span: `failed` by default. */
      states: z.array(State).optional(),
    }),
    reply: z.strictObject({ replayed: z.int() }).meta({ id: 'Replayed' }),
    errors: WRITE_ERRORS,
  }),
};
