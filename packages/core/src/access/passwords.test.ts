import { checkPassword, hashPassword } from './passwords.ts';
import { csrfTokenOf, hashToken, isSameText, newToken } from './tokens.ts';

it('knows a password again, in whichever form its letters are written, and no other', async () => {
  const stored = await hashPassword('caf\u00e9 \u{1f511}');
  expect(await checkPassword('cafe\u0301 \u{1f511}', stored)).toBe(true);
  expect(await checkPassword('cafe \u{1f511}', stored)).toBe(false);
  expect(await checkPassword('', stored)).toBe(false);
  expect(await hashPassword('caf\u00e9 \u{1f511}')).not.toBe(stored);
});

it('reads the cost from what is stored, so that it can be raised', async () => {
  const stored = await hashPassword('correct horse');
  expect(stored).toMatch(/^scrypt\$16384\$8\$1\$/);
  const [, , , , salt, key] = stored.split('$');
  expect(await checkPassword('correct horse', `scrypt$8192$8$1$${salt}$${key}`)).toBe(false);
});

it.each(['', 'bcrypt$10$x', 'scrypt$16384$8$1', 'plain'])(
  'refuses %j as something stored',
  async (stored) => {
    await expect(checkPassword('x', stored)).rejects.toThrow('unknown form');
  },
);

it('tokens are new each time, and only their hash tells which one it was', () => {
  const [one, two] = [newToken(), newToken()];
  expect(one).toMatch(/^[\w-]{43}$/);
  expect(one).not.toBe(two);
  expect(hashToken(one)).toHaveLength(32);
  expect(hashToken(one).equals(hashToken(two))).toBe(false);
  expect(csrfTokenOf(one)).not.toBe(csrfTokenOf(two));
  expect(csrfTokenOf(one)).toBe(csrfTokenOf(one));
});

it.each<[string, string, boolean]>([
  ['a', 'a', true],
  ['a', 'b', false],
  ['a', 'aa', false],
  ['', '', true],
])('%j and %j', (a, b, isSame) => {
  expect(isSameText(a, b)).toBe(isSame);
});
