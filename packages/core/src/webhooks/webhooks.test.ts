import type { WebhookStore } from '../ports/webhook-store.ts';
import type { Sealed } from '../secrets/sealing.ts';
import { newSecretKey, readSecretKeys, type SecretKey, unseal } from '../secrets/sealing.ts';
import { ACTOR } from '../testing/samples.ts';
import type { WebhookPlan } from './webhook.ts';
import { checkUrl, createWebhooks, placeOfWebhook } from './webhooks.ts';

const KEYS = readSecretKeys(`${newSecretKey()},${newSecretKey()}`) as [SecretKey, SecretKey];
const PLAN: WebhookPlan = {
  url: 'https://a.example.com/',
  description: '',
  types: [],
  spiders: [],
  hasTag: [],
};

/** What the service asks of its store; `refusals` times it finds that the key of secrets has changed meanwhile. */
function setUp({ there = true, refusals = 0 } = {}) {
  const saved: { plan?: object; sealed?: Sealed; change?: object; message?: { body: string } } = {};
  let left = refusals;
  const store = {
    nextId: async () => 5,
    find: async (_project: number, id: number) => (there && id === 5 ? { id, ...PLAN } : null),
    async create(_actor: unknown, plan: object, sealed: Sealed) {
      if (left-- > 0) return null;
      Object.assign(saved, { plan, sealed });
      return { ...plan };
    },
    async change(_actor: unknown, _project: number, _id: number, change: object) {
      saved.change = change;
      return there ? { ...PLAN, ...change } : null;
    },
    async rotate(_actor: unknown, _project: number, _id: number, sealed: Sealed) {
      if (left-- > 0) return null;
      saved.sealed = sealed;
      return there;
    },
    async add(_actor: unknown, _project: number, _id: number, message: { body: string }) {
      saved.message = message;
      return there;
    },
    remove: async () => there,
    replay: async () => 3,
  } as unknown as WebhookStore;
  const sealing = { sealingKey: async (id: string) => id };
  const webhooks = createWebhooks({
    store,
    sealing,
    keysOf: async () => KEYS,
    now: () => new Date('2026-01-01T00:00:00Z'),
  });
  return { webhooks, saved };
}

it('gives each a secret of its own, which is stored sealed for its place alone', async () => {
  const { webhooks, saved } = setUp();
  const first = await webhooks.create(ACTOR, 1, PLAN);
  expect(first.secret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);
  expect(unseal(KEYS, placeOfWebhook(1, 5), saved.sealed as Sealed)).toBe(first.secret);
  expect(() => unseal(KEYS, placeOfWebhook(2, 5), saved.sealed as Sealed)).toThrow('damaged');
  expect((await webhooks.rotate(ACTOR, 1, 5)).secret).not.toBe(first.secret);
});

it('seals again when the key of secrets changes meanwhile, three times at most', async () => {
  await expect(setUp({ refusals: 2 }).webhooks.create(ACTOR, 1, PLAN)).resolves.toBeDefined();
  await expect(setUp({ refusals: 3 }).webhooks.create(ACTOR, 1, PLAN)).rejects.toMatchObject({
    kind: 'unavailable',
  });
  await expect(setUp({ refusals: 3 }).webhooks.rotate(ACTOR, 1, 5)).rejects.toMatchObject({
    kind: 'unavailable',
  });
});

it('says of one that is not there that it is not found', async () => {
  const { webhooks } = setUp({ there: false });
  const asked = [
    webhooks.find(1, 5),
    webhooks.change(ACTOR, 1, 5, { url: PLAN.url }),
    webhooks.remove(ACTOR, 1, 5),
    webhooks.rotate(ACTOR, 1, 5),
    webhooks.test(ACTOR, 1, 5),
    webhooks.replay(ACTOR, 1, 5, {}),
  ];
  for (const one of await Promise.allSettled(asked))
    expect(one).toMatchObject({ status: 'rejected', reason: { code: 'webhook_not_found' } });
});

it('sends a test that names the webhook, under a name of its own', async () => {
  const { webhooks, saved } = setUp();
  const id = await webhooks.test(ACTOR, 1, 5);
  expect(id).toMatch(/^test-[0-9a-f]{32}$/);
  expect(JSON.parse(saved.message?.body ?? '')).toEqual({
    type: 'webhook.test',
    timestamp: '2026-01-01T00:00:00.000Z',
    data: { project: 1, webhook: 5 },
  });
});

it('keeps each word once', async () => {
  const { webhooks, saved } = setUp();
  await webhooks.create(ACTOR, 1, {
    ...PLAN,
    types: ['job.finished', 'job.finished'],
    spiders: ['a', 'b', 'a'],
    hasTag: ['t', 't'],
  });
  expect(saved.plan).toMatchObject({ types: ['job.finished'], spiders: ['a', 'b'], hasTag: ['t'] });
});

it('changes what was named, and nothing else', async () => {
  const { webhooks, saved } = setUp();
  await webhooks.change(ACTOR, 1, 5, { isDisabled: true, spiders: [] });
  expect(saved.change).toEqual({ isDisabled: true, spiders: [] });
});

it.each<[Partial<WebhookPlan>, string]>([
  [{ types: ['job.exploded'] }, 'types: job.exploded is none of job.scheduled'],
  [{ types: ['constructor'] }, 'types: constructor is none of'],
  [{ description: 'x'.repeat(1001) }, 'description: is longer than 1000 characters'],
  [{ description: 'a\0b' }, 'description: NUL'],
  [{ spiders: [''] }, 'spiders: expected 1 to 255 characters'],
  [{ spiders: ['x'.repeat(256)] }, 'spiders: expected 1 to 255 characters'],
  [{ spiders: Array.from({ length: 1001 }, (_, n) => `${n}`) }, 'spiders: more than 1000'],
  [{ hasTag: ['\ud800'] }, 'hasTag: unpaired surrogates'],
  [{ hasTag: Array.from({ length: 1001 }, (_, n) => `${n}`) }, 'hasTag: more than 1000'],
  [{ url: 'ftp://a.example.com/' }, 'url: expected http://'],
])('refuses %j', async (part, why) => {
  const { webhooks, saved } = setUp();
  await expect(webhooks.create(ACTOR, 1, { ...PLAN, ...part })).rejects.toThrow(why);
  await expect(webhooks.change(ACTOR, 1, 5, part)).rejects.toThrow(why);
  expect(saved).toEqual({});
});

it.each<[string, string]>([
  ['https://a.example.com', 'https://a.example.com/'],
  ['HTTP://A.example.com:80/x?y=1', 'http://a.example.com/x?y=1'],
  ['https://a.example.com/x#part', 'https://a.example.com/x'],
  ['https://münchen.example/', 'https://xn--mnchen-3ya.example/'],
])('takes %s as %s', (text, url) => {
  expect(checkUrl('url', text)).toBe(url);
});

it.each<[string, string]>([
  ['', 'expected http://'],
  ['//a.example.com', 'expected http://'],
  ['a.example.com', 'expected http://'],
  ['javascript:alert(1)', 'expected http://'],
  ['file:///etc/passwd', 'expected http://'],
  ['https://', 'expected http://'],
  ['https://me@a.example.com/', 'no user and no password'],
  ['https://:pw@a.example.com/', 'no user and no password'],
  [`https://a.example.com/${'x'.repeat(2000)}`, 'longer than 2000'],
])('takes %j for no address', (text, why) => {
  expect(() => checkUrl('url', text)).toThrow(why);
});
