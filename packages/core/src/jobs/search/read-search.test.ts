import fc from 'fast-check';
import { readJobSearch } from './read-search.ts';
import { emptySearch, type JobSearch } from './search.ts';

const NOW = new Date('2026-03-10T12:00:00Z');
const read = (text: string) => readJobSearch(text, NOW);
const only = (part: Partial<JobSearch>): JobSearch => ({ ...emptySearch(), ...part });

it.each<[string, Partial<JobSearch>]>([
  ['', {}],
  ['  books  daily ', { words: ['books', 'daily'] }],
  ['spider:a spider:b -spider:c', { spiders: ['a', 'b'], notSpiders: ['c'] }],
  ['state:failed STATE:Running', { states: ['failed', 'running'] }],
  ['tag:daily -tag:consumed', { tags: ['daily'], notTags: ['consumed'] }],
  [
    'args.q:"red shoes" -settings.LOG_LEVEL:DEBUG',
    {
      given: [
        { of: 'args', name: 'q', value: 'red shoes', isNot: false },
        { of: 'settings', name: 'LOG_LEVEL', value: 'DEBUG', isNot: true },
      ],
    },
  ],
  ['args."two words":x', { given: [{ of: 'args', name: 'two words', value: 'x', isNot: false }] }],
  [
    'args.url:http://a/b?c=d',
    { given: [{ of: 'args', name: 'url', value: 'http://a/b?c=d', isNot: false }] },
  ],
  [
    'errors:>0 items:<=100 seconds:7.5',
    {
      numbers: [
        { of: 'errors', test: '>', value: 0 },
        { of: 'items', test: '<=', value: 100 },
        { of: 'seconds', test: '=', value: 7.5 },
      ],
    },
  ],
  [
    'key:1/7 key:123/2/9',
    {
      keys: [
        { spider: 1, job: 7 },
        { spider: 2, job: 9 },
      ],
    },
  ],
  [
    'since:7d until:2026-03-09',
    {
      since: new Date('2026-03-03T12:00:00Z'),
      until: new Date('2026-03-09T00:00:00Z'),
    },
  ],
  ['since:2026-03-09T10:30', { since: new Date('2026-03-09T10:30:00Z') }],
  ['tag:"say \\"hi\\""', { tags: ['say "hi"'] }],
  ['1/7', { words: ['1/7'] }],
  ['-dash', { words: ['-dash'] }],
  ['http://x', {}],
])('reads %j', (text, part) => {
  if (text === 'http://x') expect(() => read(text)).toThrow(/no field "http"/);
  else expect(read(text)).toEqual(only(part));
});

it.each([
  ['spidr:a', 'q: there is no field "spidr", did you mean spider?'],
  ['constructor:a', /there is no field "constructor"/],
  ['__proto__:a', null],
  ['state:odd', /state: expected one of pending, running/],
  ['items:many', /items: expected a number/],
  ['-items:5', /items: cannot be negated/],
  ['priority:5', /priority: expected a number from 0 to 4/],
  ['since:yesterday', /since: expected 7d/],
  ['since:2026-13-40', /since: expected 7d/],
  ['key:x', /key: expected spider\/job/],
  ['tag:', /tag: a value is missing/],
  ['a "b', /a quote is open/],
  ['x '.repeat(60), /more than 50 parts/],
  ['a\0b', /no text/],
])('refuses %j', (text, why) => {
  if (why === null) expect(read(text)).toEqual(only({ words: ['__proto__:a'] }));
  else expect(() => read(text)).toThrow(why);
});

it('reads or refuses anything, and says it of q', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 60 }), (text) => {
      try {
        read(text);
      } catch (error) {
        expect(error).toMatchObject({ kind: 'invalid', details: { field: 'q' } });
      }
    }),
  );
});
