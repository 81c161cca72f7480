import type { Refusal } from '../audit/audit.ts';
import { hashPassword } from './passwords.ts';
import { createSignIn, type SignInOptions } from './sign-in.ts';

const EVE = { id: 7, name: 'eve', email: null };
let hash: string;
beforeAll(async () => {
  hash = await hashPassword('right');
});

function setUp({ tries = 3, accounts }: { tries?: number; accounts?: SignInOptions['accounts'] } = {}) {
  const failures = new Map<string, number>();
  const refused: Refusal[] = [];
  const patience = {
    failed: async (name: string) => void failures.set(name, (failures.get(name) ?? 0) + 1),
    waitSeconds: async (name: string) => ((failures.get(name) ?? 0) >= tries ? 30 : 0),
  };
  const byName = async (name: string) => {
    if (name === 'eve') return { ...EVE, passwordHash: hash };
    return name === 'openid' ? { ...EVE, name, passwordHash: null } : null;
  };
  const signIn = createSignIn({
    accounts: accounts ?? { byName },
    patience,
    secret: 'shared',
    refusals: { note: (refusal) => void refused.push(refusal) },
  });
  const attempt = (name: string, password: string, more: { address?: string; device?: string } = {}) =>
    signIn.check({ name, password, address: '192.0.2.1', ...more });
  return { signIn, attempt, failures, refused };
}

const WRONG = { code: 'wrong_password', kind: 'unauthenticated' };
const WAIT = { code: 'too_many_failures', details: { retryAfterSeconds: 30 } };

it('tells nobody which names there are', async () => {
  const { attempt } = setUp();
  await expect(attempt('eve', 'right')).resolves.toMatchObject({ id: 7 });
  const refusals = await Promise.all(
    [attempt('eve', 'wrong'), attempt('nobody', 'right'), attempt('openid', 'right')].map((one) =>
      one.catch((error: Error) => error.message),
    ),
  );
  expect(new Set(refusals).size).toBe(1);
});

it('makes guessers wait by name and address, whether there is such a name or not', async () => {
  const { attempt } = setUp();
  for (const name of ['eve', 'nobody']) {
    for (let n = 0; n < 3; n += 1) await expect(attempt(name, `guess ${n}`)).rejects.toMatchObject(WRONG);
    await expect(attempt(name, 'right')).rejects.toMatchObject(WAIT);
  }
  await expect(attempt('eve', 'right', { address: '192.0.2.2' })).resolves.toBeDefined();
  await expect(attempt('other', 'x')).rejects.toMatchObject(WRONG);
});

it('counts guesses that stood in line together, each one', async () => {
  const { attempt } = setUp();
  const all = await Promise.allSettled(Array.from({ length: 6 }, (_, n) => attempt('eve', `guess ${n}`)));
  const codes = all.map((one) => (one as PromiseRejectedResult).reason.code as string);
  expect(codes.filter((code) => code === 'wrong_password')).toHaveLength(3);
  expect(codes.filter((code) => code === 'too_many_failures')).toHaveLength(3);
});

it('lets who comes from elsewhere wait for a few guesses alone, however many come at once', async () => {
  const { attempt, failures } = setUp({ tries: 1000 });
  const guesses = Array.from({ length: 40 }, (_, n) => attempt('eve', `guess ${n}`).catch(() => {}));
  await attempt('eve', 'right', { address: '192.0.2.2' });
  expect([...failures.values()]).toEqual([10]);
  await Promise.all(guesses);
  await attempt('eve', 'one more').catch(() => {});
  expect([...failures.values()]).toEqual([11]);
});

it('lets in whose password it has seen before, however much others guess', async () => {
  const { attempt } = setUp();
  await attempt('eve', 'right');
  for (let n = 0; n < 4; n += 1) await attempt('eve', `guess ${n}`).catch(() => {});
  await expect(attempt('eve', 'right')).resolves.toMatchObject({ id: 7 });
});

it('knows a password no longer once it was changed', async () => {
  const stored = { ...EVE, passwordHash: hash };
  const { attempt } = setUp({ accounts: { byName: async () => stored } });
  await attempt('eve', 'right');
  stored.passwordHash = await hashPassword('new');
  await expect(attempt('eve', 'right')).rejects.toMatchObject(WRONG);
  await expect(attempt('eve', 'new')).resolves.toBeDefined();
});

it('a browser that has signed in waits by itself, and only as this user', async () => {
  const { signIn, attempt, failures } = setUp();
  const device = signIn.deviceFor('eve');
  for (let n = 0; n < 3; n += 1) await attempt('eve', `guess ${n}`).catch(() => {});
  await expect(attempt('eve', 'right', { device })).resolves.toBeDefined();
  await expect(attempt('eve', 'wrong', { device: signIn.deviceFor('other') })).rejects.toMatchObject(WAIT);
  expect(failures.size).toBe(1);
  for (let n = 0; n < 3; n += 1) await attempt('eve', `more ${n}`, { device }).catch(() => {});
  await expect(attempt('eve', 'other', { device })).rejects.toMatchObject(WAIT);
});

it.each(['', 'x', '.', 'x.y', 'x.y.z'])('%j is no mark of a browser', async (device) => {
  const { attempt, failures } = setUp();
  await attempt('eve', 'wrong', { device }).catch(() => {});
  await attempt('eve', 'wrong').catch(() => {});
  expect([...failures.values()]).toEqual([2]);
});

it('notes whose password was wrong, and no name that nobody has', async () => {
  const { attempt, refused } = setUp();
  await attempt('eve', 'wrong').catch(() => {});
  await attempt('my password', 'x').catch(() => {});
  expect(refused).toEqual([
    expect.objectContaining({ place: { user: 7 }, object: 'user 7', why: 'wrong password' }),
    expect.objectContaining({ place: null, object: '', why: 'there is no such user' }),
  ]);
  expect(JSON.stringify(refused)).not.toContain('my password');
});
