import fc from 'fast-check';
import { isJson } from './check.ts';

const check = (text: string): boolean => isJson(Buffer.from(text));

describe('isJson', () => {
  it.each([
    '{}',
    '[]',
    ' {"a" : [1 , {"b":null}] } ',
    '"\\ud801"',
    'NaN',
    '[-Infinity,Infinity,NaN]',
    '123456789012345678901',
    '-0',
    '1e400',
    '1.5E-3',
    '{"a":1,"a":2,"__proto__":{}}',
    '"é\\u00e9\\n"',
    'true',
    `${'['.repeat(900)}${']'.repeat(900)}`,
  ])('takes %s', (text) => {
    expect(check(text)).toBe(true);
  });

  it.each([
    '',
    ' ',
    '{"a":1}{"b":2}',
    '{"a":1,}',
    '[1,]',
    '{"n":01}',
    '"a\tb"',
    '{a:1}',
    "{'a':1}",
    '{"a"}',
    '{"a":}',
    '{"a":1',
    '[1 2]',
    '"\\x41"',
    '"\\u12g4"',
    '"\\u12',
    '"open',
    'tru',
    'nan',
    '+1',
    '.5',
    '1.',
    '1e',
    '-',
    '-NaN',
    '[}',
    '{]',
    ']',
    '1 2',
    '\ufeff{}',
    `${'['.repeat(901)}${']'.repeat(901)}`,
  ])('refuses %s', (text) => {
    expect(check(text)).toBe(false);
  });

  it('refuses bytes that are no UTF-8', () => {
    expect(isJson(Buffer.from('"\xff\xfe"', 'latin1'))).toBe(false);
  });

  it('takes whatever JSON.stringify writes', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.constantFrom(0, 1), (value, space) =>
        check(JSON.stringify(value, null, space)),
      ),
    );
  });

  it('agrees with JSON.parse on damaged text', () => {
    const damaged = fc
      .tuple(
        fc.json(),
        fc.nat(),
        fc.constantFrom('', ',', '"', '}', ']', '0', '\\', ' ', '\u0001', ':', '-', '.', 'e'),
      )
      .map(
        ([text, at, change]) =>
          text.slice(0, at % (text.length + 1)) + change + text.slice((at % (text.length + 1)) + 1),
      );
    fc.assert(
      fc.property(damaged, (text) => {
        let isStrict = true;
        try {
          JSON.parse(text);
        } catch {
          isStrict = false;
        }
        return check(text) === isStrict;
      }),
      { numRuns: 3000 },
    );
  });
});
