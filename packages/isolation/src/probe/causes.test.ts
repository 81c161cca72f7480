import { causeOf } from './causes.ts';

const NO_SETTINGS = () => null;

it.each([
  ['kernel/apparmor_restrict_unprivileged_userns', 1, 'apparmor_restrict_unprivileged_userns=0'],
  ['kernel/unprivileged_userns_clone', 0, 'unprivileged_userns_clone=1'],
  ['user/max_user_namespaces', 0, 'max_user_namespaces=15000'],
])('names the setting %s=%i that keeps users from making namespaces', (name, value, mend) => {
  const sysctl = (asked: string) => (asked === name ? value : null);
  for (const step of ['making a user namespace', 'setting uid_map of a user namespace', 'making namespaces'])
    expect(causeOf(`${step}: Operation not permitted`, false, sysctl)).toMatchObject({
      words: expect.stringContaining('no ordinary user') as string,
      mend: expect.stringContaining(mend) as string,
    });
});

it.each([
  ['mounting /proc: Operation not permitted', true, /covered/, /systempaths=unconfined/],
  ['making namespaces: Operation not permitted', true, /no namespaces/, /seccomp/],
  ['making a user namespace: Operation not permitted', false, /no ordinary user/, /seccomp/],
  [
    '/opt/python/bin/python: Permission denied',
    true,
    /cannot reach \/opt\/python/,
    /chmod o\+rx \/opt\/python/,
  ],
])('says what is wrong and how to mend it: %s', (words, asRoot, cause, mend) => {
  const found = causeOf(words, asRoot, NO_SETTINGS);
  expect(found.words).toMatch(cause);
  expect(found.mend).toMatch(mend);
});

it('has nothing to mend where the kernel is too old, and repeats what it does not know', () => {
  const old = causeOf('setting attributes of usr: Function not implemented', true, NO_SETTINGS);
  expect(old).toEqual({ words: 'Linux is older than 5.12, which boxes need' });
  expect(causeOf('the moon is full', true, NO_SETTINGS)).toEqual({ words: 'the moon is full' });
});
