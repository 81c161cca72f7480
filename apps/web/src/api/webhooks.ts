import type { webhookContracts } from '@spiderhub/wire';
import { operation, type ReplyOf } from './client.ts';

type Webhooks = typeof webhookContracts;

export type Webhook = ReplyOf<Webhooks['list']>['webhooks'][number];
export type Delivery = ReplyOf<Webhooks['deliveries']>['deliveries'][number];
export type DeliveryState = Delivery['state'];

export const DELIVERY_STATES: readonly DeliveryState[] = ['waiting', 'delivered', 'failed'];

const ALL = '/projects/:project/webhooks';
const ONE = `${ALL}/:webhook`;

export const listWebhooks = operation<Webhooks['list']>('listWebhooks', 'get', ALL);
export const createWebhook = operation<Webhooks['create']>('createWebhook', 'post', ALL);
export const readWebhook = operation<Webhooks['read']>('readWebhook', 'get', ONE);
export const changeWebhook = operation<Webhooks['change']>('changeWebhook', 'patch', ONE);
export const removeWebhook = operation<Webhooks['remove']>('removeWebhook', 'delete', ONE);
export const rotateWebhookSecret = operation<Webhooks['rotate']>(
  'rotateWebhookSecret',
  'post',
  `${ONE}/secret`,
);
export const testWebhook = operation<Webhooks['test']>('testWebhook', 'post', `${ONE}/test`);
export const listDeliveries = operation<Webhooks['deliveries']>('listDeliveries', 'get', `${ONE}/deliveries`);
export const replayDeliveries = operation<Webhooks['replay']>(
  'replayDeliveries',
  'post',
  `${ONE}/deliveries/replay`,
);

/** A receiver, as it is sent. */
export type WebhookPlan = Parameters<typeof createWebhook>[0]['body'];
