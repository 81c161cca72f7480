import { checkNewPassword } from './password-policy.ts';

const why = (password: string, name = 'ann') => {
  try {
    checkNewPassword(password, name);
    return null;
  } catch (error) {
    return (error as Error).message;
  }
};

describe('a new password', () => {
  it.each([
    'correct horse battery staple',
    'vier alte Stühle',
    'ljwnpvqkra',
    '7391 garden gate',
    '雨の日の長い散歩道です。',
  ])('may be %s', (password) => expect(why(password)).toBeNull());

  it.each([
    ['a short one', 'ab12cd34e', 'at least 10'],
    ['a long one', 'x1y2z3'.repeat(100), 'at most 500'],
    ['a common one', 'qwertyuiop', 'guessers'],
    ['a common one in capitals', 'BASKETBALL', 'guessers'],
    ['a common one with digits behind it', 'password2026', 'guessers'],
    ['a common one with digits around it', '12dragon!!2026', 'guessers'],
    ['a common one twice', 'monkeymonkey', 'guessers'],
    ['digits alone', '3141592653', 'guessers'],
    ['a key held down', 'aaaaaaaaaaaaaaa', 'guessers'],
    ['the name of the product', 'spiderhub2026', 'guessers'],
  ])('may not be %s', (_what, password, words) => expect(why(password)).toContain(words));

  it('may not be the own name, with digits or without', () => {
    expect(why('annabelle.m', 'annabelle.m')).toContain('guessers');
    expect(why('annabelle-1984', 'annabelle')).toContain('guessers');
  });
});
