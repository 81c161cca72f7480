import { createHmac } from 'node:crypto';
import { newWebhookSecret, signedHeaders } from './sign.ts';

const SECRET = `whsec_${Buffer.alloc(24, 'spiderhub').toString('base64')}`;
const MESSAGE = { id: 'msg_1', sentAt: new Date(1_614_265_330_999), body: '{"test": 2432232314}' };

it('signs id, second and body as Standard Webhooks says, with what the secret stands for', () => {
  const expected = createHmac('sha256', Buffer.alloc(24, 'spiderhub'))
    .update('msg_1.1614265330.{"test": 2432232314}')
    .digest('base64');
  expect(signedHeaders(MESSAGE, [SECRET])).toEqual({
    'webhook-id': 'msg_1',
    'webhook-timestamp': '1614265330',
    'webhook-signature': `v1,${expected}`,
  });
});

it('signs with each secret while one is exchanged, the first one first', () => {
  const second = newWebhookSecret();
  const [one, two] = [SECRET, second].map((secret) => signedHeaders(MESSAGE, [secret])['webhook-signature']);
  expect(signedHeaders(MESSAGE, [SECRET, second])['webhook-signature']).toBe(`${one} ${two}`);
  expect(one).not.toBe(two);
});

it.each([
  ['id', { id: 'msg_2' }],
  ['second', { sentAt: new Date(1_614_265_331_000) }],
  ['body', { body: '{"test":2432232314}' }],
])('another %s has another signature', (_, change) => {
  const before = signedHeaders(MESSAGE, [SECRET])['webhook-signature'];
  expect(signedHeaders({ ...MESSAGE, ...change }, [SECRET])['webhook-signature']).not.toBe(before);
});
