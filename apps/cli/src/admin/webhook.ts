import { COMMAND, type Delivery, EVENT_TYPES, type Webhook } from '@spiderhub/core';
import { UserError } from '@spiderhub/hosting';
import { command } from './command.ts';
import { optional, type Reader, repeated, required } from './options.ts';
import { positive, someText } from './readers.ts';

const SHOWN = 50;
const MAX_ANSWER = 60;

const IN = { project: required('NUMBER', positive) };
const ONE = { ...IN, id: required('NUMBER', positive) };

/** Receivers of events at the command line. */
export const WEBHOOK_COMMANDS = [
  command('webhook list', IN, async ({ project }, { webhooks }) => (await webhooks.list(project)).map(shown)),
  command(
    'webhook create',
    {
      ...IN,
      url: required('URL', someText),
      type: repeated('TYPE', typeOf()),
      spider: repeated('SPIDER', someText),
      'has-tag': repeated('TAG', someText),
    },
    async ({ project, url, type, spider, 'has-tag': hasTag }, { webhooks }) => {
      const plan = { url, description: '', types: type, spiders: spider, hasTag };
      const { webhook, secret } = await webhooks.create(COMMAND, project, plan);
      return { ...shown(webhook), secret };
    },
  ),
  command('webhook rotate', ONE, ({ project, id }, { webhooks }) => webhooks.rotate(COMMAND, project, id)),
  command('webhook test', ONE, async ({ project, id }, { webhooks }) => ({
    id: await webhooks.test(COMMAND, project, id),
  })),
  command('webhook enable', ONE, async ({ project, id }, { webhooks }) =>
    shown(await webhooks.change(COMMAND, project, id, { isDisabled: false })),
  ),
  command('webhook disable', ONE, async ({ project, id }, { webhooks }) =>
    shown(await webhooks.change(COMMAND, project, id, { isDisabled: true })),
  ),
  command('webhook deliveries', ONE, async ({ project, id }, { webhooks }) => {
    await webhooks.find(project, id);
    const deliveries = await webhooks.deliveries(project, id, { before: null, limit: SHOWN });
    return deliveries.map(deliveryShown);
  }),
  command(
    'webhook replay',
    { ...ONE, message: optional('ID', someText), since: optional('TIME', moment) },
    async ({ project, id, message, since }, { webhooks }) => {
      if (message === undefined && since === undefined)
        throw new UserError('--message or --since is required');
      const states = message === undefined ? (['failed'] as const) : undefined;
      return { replayed: await webhooks.replay(COMMAND, project, id, { message, since, states }) };
    },
  ),
  command('webhook remove', ONE, async ({ project, id }, { webhooks }) => {
    await webhooks.remove(COMMAND, project, id);
    return { id, removed: true };
  }),
];

function shown({ id, url, types, spiders, hasTag, disabledWhy, failingSince }: Webhook) {
  return {
    id,
    url,
    types: types.join(' '),
    spiders: spiders.join(' '),
    tags: hasTag.join(' '),
    disabled: disabledWhy,
    failingSince,
  };
}

function deliveryShown({ message, type, state, tries, createdAt, nextAt, status, error, answer }: Delivery) {
  return {
    message,
    type,
    state,
    tries,
    createdAt,
    nextAt,
    status,
    error,
    answer: answer?.slice(0, MAX_ANSWER),
  };
}

function typeOf(): Reader<string> {
  return (flag, text) => {
    if ((EVENT_TYPES as readonly string[]).includes(text)) return text;
    throw new UserError(`${flag}: expected one of ${EVENT_TYPES.join(', ')}`);
  };
}

function moment(flag: string, text: string): Date {
  const at = new Date(text);
  if (Number.isNaN(at.getTime()))
    throw new UserError(`${flag}: expected a time such as 2026-12-24T06:00:00Z`);
  return at;
}
