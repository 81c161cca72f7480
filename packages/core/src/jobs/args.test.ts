import { checkArgs, checkText, textArgs, textEnvironment } from './args.ts';

const fields = (values: Record<string, string>) => new Map(Object.entries(values));

it.each<[Record<string, string>, string]>([
  [{ '': 'x' }, 'is no name for a spider argument'],
  [{ '-a': 'x' }, '-a: is no name'],
  [{ 'a=b': 'x' }, 'a=b: is no name'],
  [{ ['x'.repeat(256)]: '' }, 'the name is too long'],
  [{ a: 'x'.repeat(256 * 1024) }, 'a: spider arguments are longer than 262144'],
  [{ a: 'x'.repeat(200_000), b: 'x'.repeat(70_000) }, 'b: spider arguments are longer'],
  [{ a: '\0' }, 'a: NUL'],
  [{ '\ud800': 'x' }, 'unpaired surrogates'],
])('refuses the arguments %j', (args, why) => {
  expect(() => checkArgs(args)).toThrow(why);
});

it('takes whatever Scrapy takes', () => {
  const args = { a: '', 'b-c': '=', 'ä ö': '\u{1f511}', __proto__x: '1', ['x'.repeat(255)]: '\n' };
  expect(checkArgs(args)).toBe(args);
});

it('text is of whole characters', () => {
  expect(checkText('f', 'a\u{1f511}')).toBe('a\u{1f511}');
  for (const bad of ['\udc00\ud800', 'a\ud83d', '\0']) expect(() => checkText('f', bad)).toThrow(/^f: /);
});

it('arguments in JSON are their text, and what is no text stays as it was written', () => {
  const raw = fields({
    text: '"a\\u00e9\\n"',
    big: '1152921504606846977',
    list: '[1, 2]',
    word: 'NaN',
    no: 'null',
  });
  expect(textArgs(raw)).toEqual({
    text: 'aé\n',
    big: '1152921504606846977',
    list: '[1, 2]',
    word: 'NaN',
    no: 'null',
  });
});

it('an argument that is called like a part of objects is an argument', () => {
  expect(Object.entries(textArgs(new Map([['__proto__', '"x"']])))).toEqual([['__proto__', 'x']]);
});

it.each<[Record<string, string>, Record<string, string> | string]>([
  [{ A: '"x"' }, { A: 'x' }],
  [
    { A: '5', B: '-1.5', C: 'true', D: 'false' },
    { A: '5', B: '-1.5', C: 'true', D: 'false' },
  ],
  [{ A: 'null' }, 'A must be a string'],
  [{ A: '[1]' }, 'A must be a string'],
  [{ A: '{}' }, 'A must be a string'],
  [{ '1A': '"x"' }, '"1A" is no variable name'],
  [{ 'A B': '"x"' }, '"A B" is no variable name'],
  [{ A: '"\\u0000"' }, 'environment: NUL'],
])('the environment %j', (raw, expected) => {
  if (typeof expected === 'string') expect(() => textEnvironment(fields(raw))).toThrow(expected);
  else expect(textEnvironment(fields(raw))).toEqual(expected);
});
