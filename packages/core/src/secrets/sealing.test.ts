import { newSecretKey, readSecretKeys, type SecretKey, seal, unseal } from './sealing.ts';

const [key, other] = readSecretKeys(`${newSecretKey()},${newSecretKey()}`) as [SecretKey, SecretKey];

it('opens what was sealed for the same place, with whichever key it was', () => {
  for (const one of [key, other])
    expect(unseal([key, other], 'here', seal(one, 'here', 'sésame'))).toBe('sésame');
});

it('shows nothing of the text, and never the same twice', () => {
  const sealed = [1, 2].map(() => seal(key, 'here', 'open sesame'));
  expect(sealed[0]?.sealed.equals(sealed[1]?.sealed as Buffer)).toBe(false);
  for (const one of sealed) expect(one.sealed.includes('sesame')).toBe(false);
});

it('opens nothing at another place, with another key, or that was changed', () => {
  const good = seal(key, 'project 1', 'open sesame');
  expect(() => unseal([key], 'project 2', good)).toThrow('the secret project 2 is damaged');
  expect(() => unseal([other], 'project 1', good)).toThrow(`key ${key.id}, which SECRETS_KEY does not hold`);
  expect(() => unseal([{ ...other, id: key.id }], 'project 1', good)).toThrow('damaged');
  for (let at = 0; at < good.sealed.length; at++) {
    const sealed = Buffer.from(good.sealed);
    sealed.writeUInt8(sealed.readUInt8(at) ^ 1, at);
    expect(() => unseal([key], 'project 1', { ...good, sealed })).toThrow('damaged');
    expect(() => unseal([key], 'project 1', { ...good, sealed: good.sealed.subarray(0, at) })).toThrow(
      'damaged',
    );
  }
});

it('reads keys in base64 and hex, however they are separated, and tells them apart', () => {
  const hex = 'AB'.repeat(32);
  const base64 = Buffer.from(hex, 'hex').toString('base64');
  expect(readSecretKeys(hex)).toEqual(readSecretKeys(` ${base64}\n`));
  expect(readSecretKeys(`${hex},\n${newSecretKey()} ${newSecretKey()}`)).toHaveLength(3);
  expect(key.id).not.toBe(other.id);
});

it.each(['', 'short', 'g'.repeat(64), `${'a'.repeat(64)},short`, 'a'.repeat(63)])(
  'takes %j for no key',
  (text) => {
    expect(readSecretKeys(text)).toBeNull();
  },
);
