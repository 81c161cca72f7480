import { JobKeys, ListQuery, ProjectId, rawJsonObject, SpiderNumber, Tags } from './schema.ts';

it.each<[unknown, boolean]>([
  ['1', true],
  ['999999999', true],
  ['0', false],
  ['01', false],
  ['-1', false],
  ['1.0', false],
  ['1000000000', false],
  ['1/2', false],
  ['', false],
  [['1', '2'], false],
  [undefined, false],
])('%j is the number of a project or spider: %j', (value, isOne) => {
  expect([ProjectId, SpiderNumber].map((schema) => schema.safeParse(value).success)).toEqual([isOne, isOne]);
});

it.each<[unknown, string[] | null]>([
  ['a', ['a']],
  [
    ['a', 'a'],
    ['a', 'a'],
  ],
  ['x'.repeat(255), ['x'.repeat(255)]],
  ['x'.repeat(256), null],
  [' ', null],
  ['', null],
  [Array.from({ length: 1001 }, (_, n) => `${n}`), null],
])('of the tags %j', (value, tags) => {
  const parsed = Tags.safeParse(value);
  expect(parsed.success ? parsed.data : null).toEqual(tags);
});

it('keys are read, and the first one that is none is named', () => {
  expect(JobKeys.parse(['1/2/3', '4/5/6'])).toHaveLength(2);
  expect(() => JobKeys.parse(['1/2/3', '1/2'])).toThrow(/1\/2/);
});

it.each<[object, boolean]>([
  [{ project: '1' }, true],
  [{ project: '1', state: ['pending', 'running'], count: '-5', offset: '0' }, true],
  [{ project: '1', job: '1/2/3', job_id: '1/2/3' }, true],
  [{}, false],
  [{ project: '1', state: 'odd' }, false],
  [{ project: '1', state: ['pending', 'odd'] }, false],
  [{ project: '1', count: 'ten' }, false],
  [{ project: '1', count: '1e3' }, false],
  [{ project: '1', offset: '-1' }, false],
  [{ project: '1', offset: '1000000000' }, false],
  [{ project: '1', tags: 'x' }, false],
  [{ project: '1', lacks_tag: '' }, false],
  [{ project: '1', lacks_tag: ['consumed', ''] }, false],
  [{ project: '1', has_tag: '' }, false],
  [{ project: '1', spider: '' }, false],
  [{ project: '1', state: [] }, false],
  [{ project: '1', job: [] }, false],
])('%j is a query of a list: %j', (query, isOne) => {
  expect(ListQuery.safeParse(query).success).toBe(isOne);
});

it.each<[string, Record<string, string>]>([
  ['{}', {}],
  [
    ' {"a" : NaN , "b":"\\ud800","c":1152921504606846977}\n',
    { a: 'NaN', b: '"\\ud800"', c: '1152921504606846977' },
  ],
  ['{"a":"[[[[","b":{"c":"}"}}', { a: '"[[[["', b: '{"c":"}"}' }],
  [`{"a":${'['.repeat(99)}${']'.repeat(99)}}`, { a: `${'['.repeat(99)}${']'.repeat(99)}` }],
])('%s is an object', (text, fields) => {
  expect(Object.fromEntries(rawJsonObject(text, 'f'))).toEqual(fields);
});

it.each<[string, string]>([
  ['', 'f: expected a JSON object'],
  ['[]', 'f: expected a JSON object'],
  ['"{}"', 'f: expected a JSON object'],
  ['{', 'f: is not valid JSON'],
  ['{"a":1,}', 'f: is not valid JSON'],
  ["{'a':1}", 'f: is not valid JSON'],
  ['{"a":1} x', 'f: is not valid JSON'],
  [`{"a":${'['.repeat(101)}${']'.repeat(101)}}`, 'f: is nested deeper than 100 levels'],
  [`{"a":"${'x'.repeat(256 * 1024)}"}`, 'f: is longer than 262144 characters'],
])('%s is none', (text, why) => {
  expect(() => rawJsonObject(text, 'f')).toThrow(why);
});
