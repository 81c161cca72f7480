import {
  DELIVERY_STATES,
  type Delivery,
  type DeliveryState,
  requestErrors,
  type Webhook,
  type WebhookPlan,
} from '@spiderhub/core';
import { webhookContracts as contracts } from '@spiderhub/wire';
import type { Operation } from '../../../http/operation.ts';
import type { Parts } from '../../../parts.ts';
import { served } from '../served.ts';

const DELIVERIES = 50;
const NEW_PLAN = { description: '', types: [], spiders: [], hasTag: [] };

export function webhookOperations(parts: Parts): Operation[] {
  return [...endpointOperations(parts), ...secretOperations(parts), ...deliveryOperations(parts)];
}

function endpointOperations({ webhooks }: Parts): Operation[] {
  return [
    served(
      contracts.list,
      'webhooks.read',
    )(async ({ caller, params: { project } }) => {
      await caller.may(project);
      return { webhooks: (await webhooks.list(project)).map(view) };
    }),
    served(
      contracts.create,
      'webhooks.write',
    )(async ({ caller, params: { project }, body: { url, ...fields } }) => {
      await caller.may(project);
      const plan: WebhookPlan = { url, ...NEW_PLAN, ...given(fields) };
      const { webhook, secret } = await webhooks.create(caller.actor, project, plan);
      return { webhook: view(webhook), secret };
    }),
    served(
      contracts.read,
      'webhooks.read',
    )(async ({ caller, params: { project, webhook } }) => {
      await caller.may(project);
      return view(await webhooks.find(project, webhook));
    }),
    served(
      contracts.change,
      'webhooks.write',
    )(async ({ caller, params: { project, webhook }, body: { disabled, ...fields } }) => {
      await caller.may(project);
      const change = { ...given(fields), ...(disabled !== undefined && { isDisabled: disabled }) };
      return view(await webhooks.change(caller.actor, project, webhook, change));
    }),
    served(
      contracts.remove,
      'webhooks.write',
    )(async ({ caller, params: { project, webhook } }) => {
      await caller.may(project);
      await webhooks.remove(caller.actor, project, webhook);
      return {};
    }),
  ];
}

function secretOperations({ webhooks, signals }: Parts): Operation[] {
  return [
    served(
      contracts.rotate,
      'webhooks.write',
    )(async ({ caller, params: { project, webhook } }) => {
      await caller.may(project);
      return webhooks.rotate(caller.actor, project, webhook);
    }),
    served(
      contracts.test,
      'webhooks.write',
    )(async ({ caller, params: { project, webhook } }) => {
      await caller.may(project);
      const id = await webhooks.test(caller.actor, project, webhook);
      signals.happened();
      return { id };
    }),
  ];
}

function deliveryOperations({ webhooks, signals }: Parts): Operation[] {
  return [
    served(
      contracts.deliveries,
      'webhooks.read',
    )(async ({ caller, params: { project, webhook }, query: { state, before, limit = DELIVERIES } }) => {
      await caller.may(project);
      await webhooks.find(project, webhook);
      const page = { states: statesOf(state), before: before ? new Date(before) : null, limit };
      return { deliveries: (await webhooks.deliveries(project, webhook, page)).map(deliveryView) };
    }),
    served(
      contracts.replay,
      'webhooks.write',
    )(async ({ caller, params: { project, webhook }, body: { id, since, until, states } }) => {
      await caller.may(project);
      if (id === undefined && since === undefined) throw requestErrors.invalid('id', 'or since: is required');
      const replayed = await webhooks.replay(caller.actor, project, webhook, {
        message: id,
        since: since === undefined ? undefined : new Date(since),
        until: until === undefined ? undefined : new Date(until),
        states: states ?? (id === undefined ? ['failed'] : undefined),
      });
      signals.happened();
      return { replayed };
    }),
  ];
}

/** What is named. */
function given<T extends object>(fields: T): { [F in keyof T]-?: Exclude<T[F], undefined> } {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as never;
}

function statesOf(words: string[] | undefined): DeliveryState[] | undefined {
  const unknown = words?.find((word) => !(DELIVERY_STATES as readonly string[]).includes(word));
  if (unknown !== undefined) throw requestErrors.invalid('state', `expected ${DELIVERY_STATES.join(', ')}`);
  return words as DeliveryState[] | undefined;
}

function view(webhook: Webhook) {
  const { id, url, description, types, spiders, hasTag, disabledAt, disabledWhy, createdBy } = webhook;
  return {
    id,
    url,
    description,
    types,
    spiders,
    hasTag,
    disabled: disabledAt !== null,
    disabledAt: disabledAt?.toISOString() ?? null,
    disabledWhy,
    failingSince: webhook.failingSince?.toISOString() ?? null,
    createdBy,
    createdAt: webhook.createdAt.toISOString(),
  };
}

function deliveryView({
  message,
  type,
  state,
  tries,
  status,
  error,
  durationMs,
  answer,
  ...times
}: Delivery) {
  return {
    id: message,
    type,
    state,
    tries,
    createdAt: times.createdAt.toISOString(),
    nextAt: times.nextAt?.toISOString() ?? null,
    triedAt: times.triedAt?.toISOString() ?? null,
    status,
    error,
    durationMs,
    answer,
  };
}
