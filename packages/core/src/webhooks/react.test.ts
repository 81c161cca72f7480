import { aJob, anEvent, aRule } from '../testing/samples.ts';
import { reactTo } from './react.ts';
import type { Webhook } from './webhook.ts';

function webhook(id: number, more: Partial<Webhook> = {}): Webhook {
  return {
    id,
    project: 1,
    url: 'https://a.example.com/',
    description: '',
    types: [],
    spiders: [],
    hasTag: [],
    disabledAt: null,
    disabledWhy: null,
    failingSince: null,
    createdBy: 'eve',
    createdAt: new Date(0),
    ...more,
  };
}

const batch = (events: Parameters<typeof reactTo>[0]['events']) => ({ events, webhooks: [], rules: [] });

it('writes one message for all that want it, and none that nobody wants', () => {
  const webhooks = [
    webhook(1),
    webhook(2, { types: ['job.started'] }),
    webhook(3, { project: 9 }),
    webhook(4),
  ];
  const events = [
    { event: anEvent({ id: 'a' }), job: aJob() },
    { event: anEvent({ id: 'b', type: 'job.started' }), job: aJob() },
    { event: anEvent({ id: 'c', project: 8 }), job: null },
  ];
  const { messages } = reactTo({ ...batch(events), webhooks });
  expect(messages.map(({ message, webhooks: ids }) => [message.id, ids])).toEqual([
    ['a', [1, 4]],
    ['b', [1, 2, 4]],
  ]);
});

it('tells by mail of a webhook that was disabled', () => {
  const event = anEvent({ type: 'webhook.disabled', job: null, data: '{"webhook":3,"reason":"it is gone"}' });
  const { notices } = reactTo(batch([{ event, job: null }]));
  expect(notices).toEqual([
    {
      id: event.id,
      project: 1,
      notice: expect.objectContaining({ subject: 'Webhook 3 of project 1 is disabled' }),
    },
  ]);
});

it('fires the rules of the project that a job has met', () => {
  const rules = [aRule(), aRule({ id: 5, disabled: true }), aRule({ id: 6, project: 2 })];
  const { firings } = reactTo({ ...batch([{ event: anEvent(), job: aJob() }]), rules });
  expect(firings.map(({ rule }) => rule.id)).toEqual([4]);
});
