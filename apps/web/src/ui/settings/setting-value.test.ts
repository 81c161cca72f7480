import { settingValue } from './setting-value.ts';

it.each([
  ['16', 16],
  ['0.5', 0.5],
  ['true', true],
  ['null', null],
  ['"16"', '16'],
  ['["a", 1]', ['a', 1]],
  ['{"a": {"b": 1}}', { a: { b: 1 } }],
  ['demo.pipelines.Store', 'demo.pipelines.Store'],
  ['', ''],
  ['1152921504606846977', '1152921504606846977'],
  ['1.0', '1.0'],
  ['{"a": "1152921504606846977"}', { a: '1152921504606846977' }],
  ['[1', '[1'],
])('takes %s for %j', (text, value) => expect(settingValue(text)).toEqual(value));

it('refuses to change a long number inside of something', () => {
  expect(() => settingValue('[1152921504606846977]')).toThrow('more than 15 digits');
});
