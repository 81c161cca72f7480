import { randomBytes } from 'node:crypto';
import type { Actor } from '../access/actor.ts';
import { DomainError, requestErrors, serviceErrors } from '../errors.ts';
import { EVENT_TYPES } from '../events/events.ts';
import { checkText, MAX_TAG, MAX_TAGS } from '../jobs/args.ts';
import type { LimitBook } from '../limits/limit-book.ts';
import { ceilingOf } from '../limits/pending.ts';
import type { SealedStore } from '../ports/sealed-store.ts';
import type { DeliverySelection, WebhookStore } from '../ports/webhook-store.ts';
import { currentSecretKey } from '../secrets/current-key.ts';
import { type Sealed, type SecretKeys, seal } from '../secrets/sealing.ts';
import { newWebhookSecret } from './sign.ts';
import type { Webhook, WebhookPlan } from './webhook.ts';

const MAX_URL = 2000;
const MAX_DESCRIPTION = 1000;
const MAX_WEBHOOKS = 50;
const MAX_SPIDERS = 1000;
/** Both secrets sign for so long after a change, ms. */
const ROTATION_MS = 24 * 3600_000;
const TRIES = 3;

export const webhookErrors = {
  notFound: (id: number) => new DomainError('not_found', 'webhook_not_found', `webhook ${id} not found`),
  tooMany: (most: number) =>
    new DomainError('conflict', 'too_many_webhooks', `a project has at most ${most} webhooks`),
};

/** Where the secrets of a webhook belong. */
export function placeOfWebhook(project: number, id: number): string {
  return `webhook ${project}/${id}`;
}

/** What people do with webhooks. Callers have checked access to the project. */
export interface Webhooks extends Pick<WebhookStore, 'list' | 'deliveries'> {
  /** Throws `not_found`. */
  find(project: number, id: number): Promise<Webhook>;
  /** The secret is shown this one time. Throws `invalid` that names the field, also without SECRETS_KEY. */
  create(actor: Actor, project: number, plan: WebhookPlan): Promise<{ webhook: Webhook; secret: string }>;
  change(
    actor: Actor,
    project: number,
    id: number,
    change: Partial<WebhookPlan> & { isDisabled?: boolean },
  ): Promise<Webhook>;
  remove(actor: Actor, project: number, id: number): Promise<void>;
  /** A new secret; the old one signs beside it for a day. */
  rotate(actor: Actor, project: number, id: number): Promise<{ secret: string }>;
  /** Sends a message that is no event, and returns its id. */
  test(actor: Actor, project: number, id: number): Promise<string>;
  replay(actor: Actor, project: number, id: number, selection: DeliverySelection): Promise<number>;
}

export interface WebhooksOptions {
  store: WebhookStore;
  sealing: Pick<SealedStore, 'sealingKey'>;
  keysOf: SecretKeys;
  /** What organisations may have; without it there is no limit but that of a project. */
  limits?: LimitBook | undefined;
  now?: () => Date;
}

export function createWebhooks(options: WebhooksOptions): Webhooks {
  const { store, sealing, keysOf, limits, now = () => new Date() } = options;

  /** Seals a new secret, anew when the key of secrets changes in between. */
  async function withSecret<T>(
    project: number,
    id: number,
    keep: (sealed: Sealed) => Promise<T | null>,
  ): Promise<{ secret: string; kept: T }> {
    const secret = newWebhookSecret();
    for (let tries = 0; tries < TRIES; tries += 1) {
      const key = await currentSecretKey(sealing, keysOf);
      const kept = await keep(seal(key, placeOfWebhook(project, id), secret));
      if (kept !== null) return { secret, kept };
    }
    throw serviceErrors.unavailable('the key of secrets');
  }

  async function find(project: number, id: number): Promise<Webhook> {
    const found = await store.find(project, id);
    if (!found) throw webhookErrors.notFound(id);
    return found;
  }

  return {
    list: store.list,
    deliveries: store.deliveries,
    find,
    async create(actor, project, plan) {
      const checked = checkPlan(plan) as WebhookPlan;
      const allowance = await limits?.ofProject(project);
      const ceiling = allowance ? ceilingOf(project, allowance, 'webhooks') : undefined;
      const id = await store.nextId();
      const { secret, kept } = await withSecret(project, id, (sealed) =>
        store.create(actor, { ...checked, id, project }, sealed, MAX_WEBHOOKS, ceiling),
      );
      return { webhook: kept, secret };
    },
    async change(actor, project, id, change) {
      const changed = await store.change(actor, project, id, { ...change, ...checkPlan(change) });
      if (!changed) throw webhookErrors.notFound(id);
      return changed;
    },
    async remove(actor, project, id) {
      if (!(await store.remove(actor, project, id))) throw webhookErrors.notFound(id);
    },
    async rotate(actor, project, id) {
      await find(project, id);
      const { secret, kept } = await withSecret(project, id, (sealed) =>
        store.rotate(actor, project, id, sealed, ROTATION_MS),
      );
      if (!kept) throw webhookErrors.notFound(id);
      return { secret };
    },
    async test(actor, project, id) {
      const message = `test-${randomBytes(16).toString('hex')}`;
      const type = 'webhook.test';
      const body = JSON.stringify({ type, timestamp: now().toISOString(), data: { project, webhook: id } });
      if (!(await store.add(actor, project, id, { id: message, type, body })))
        throw webhookErrors.notFound(id);
      return message;
    },
    async replay(actor, project, id, selection) {
      await find(project, id);
      return store.replay(actor, project, id, selection);
    },
  };
}

function checkPlan(plan: Partial<WebhookPlan>): Partial<WebhookPlan> {
  const { invalid } = requestErrors;
  const { url, description, types, spiders, hasTag } = plan;
  const unknown = types?.find((type) => !(EVENT_TYPES as readonly string[]).includes(type));
  if (unknown !== undefined)
    throw invalid('types', `${unknown.slice(0, MAX_TAG)} is none of ${EVENT_TYPES.join(', ')}`);
  if (description !== undefined && description.length > MAX_DESCRIPTION)
    throw invalid('description', `is longer than ${MAX_DESCRIPTION} characters`);
  checkText('description', description ?? '');
  checkWords('spiders', spiders ?? [], MAX_SPIDERS);
  checkWords('hasTag', hasTag ?? [], MAX_TAGS);
  return {
    ...(url !== undefined && { url: checkUrl('url', url) }),
    ...(description !== undefined && { description }),
    ...(types && { types: [...new Set(types)] }),
    ...(spiders && { spiders: [...new Set(spiders)] }),
    ...(hasTag && { hasTag: [...new Set(hasTag)] }),
  };
}

function checkWords(field: string, words: readonly string[], most: number): void {
  if (words.length > most) throw requestErrors.invalid(field, `more than ${most}`);
  for (const word of words) {
    if (word === '' || word.length > MAX_TAG)
      throw requestErrors.invalid(field, `expected 1 to ${MAX_TAG} characters`);
    checkText(field, word);
  }
}

/** Where something is sent to. What the host stands for is looked at when it is sent. Throws `invalid`. */
export function checkUrl(field: string, text: string): string {
  const { invalid } = requestErrors;
  if (text.length > MAX_URL) throw invalid(field, `is longer than ${MAX_URL} characters`);
  const url = URL.canParse(text) ? new URL(text) : null;
  if (!url || !/^https?:$/.test(url.protocol)) throw invalid(field, 'expected http://… or https://…');
  if (url.username !== '' || url.password !== '') throw invalid(field, 'must hold no user and no password');
  url.hash = '';
  return url.href;
}
