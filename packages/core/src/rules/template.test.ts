import fc from 'fast-check';
import { aJob } from '../testing/samples.ts';
import { checkTemplate, filledIn } from './template.ts';

it.each<[string, string]>([
  ['{{job.key}}', '1/2/3'],
  ['{{job.spider}}/{{ job.version }}', 'books/v1'],
  ['{{job.close_reason}} {{job.items}} {{job.pages}} {{job.errors}}', 'finished 5 6 0'],
  ['{{tags}}', 'daily'],
  ['{{job.args.page}}', '9'],
  ['{{job.args.nothing}}', ''],
  ['no words', 'no words'],
  ['{{}', '{{}'],
  ['{job.key}', '{job.key}'],
])('%j becomes %j', (text, filled) => {
  checkTemplate('action', text);
  expect(filledIn(text, aJob())).toBe(filled);
});

it('knows nothing of what the job does not have', () => {
  const job = aJob({ version: null, closeReason: null, tags: [], args: {} });
  expect(filledIn('[{{job.version}}{{job.close_reason}}{{tags}}]', job)).toBe('[]');
});

it.each(['constructor', 'toString', '__proto__', 'hasOwnProperty'])(
  'an argument called %s is one only when the job has it',
  (name) => {
    expect(filledIn(`[{{job.args.${name}}}]`, aJob())).toBe('[]');
    const args = Object.fromEntries([[name, 'given']]);
    expect(filledIn(`[{{job.args.${name}}}]`, aJob({ args }))).toBe('[given]');
  },
);

it('puts in what it was given as it is, and nothing that stands in that', () => {
  const job = aJob({ spiderName: '$& $1 {{job.key}}', args: { page: '$`' } });
  expect(filledIn('{{job.spider}} {{job.args.page}}', job)).toBe('$& $1 {{job.key}} $`');
});

it.each(['{{job.state}}', '{{}}', '{{toString}}', '{{job.args.}}', '{{job.args.a b}}', '{{job . key}}'])(
  'refuses %s',
  (text) => {
    expect(() => checkTemplate('action', `x ${text} {{job.key}}`)).toThrow(
      /^action: \{\{.*\}\} is none of job\.key/,
    );
  },
);

it('fills in whatever it has let pass, and always with text', () => {
  const piece = fc.oneof(
    fc.constantFrom('{{job.key}}', '{{ tags }}', '{{job.args.page}}', '{{', '}}', '{', '}', 'job.key'),
    fc.string({ maxLength: 5 }).map((name) => `{{${name}}}`),
    fc.string(),
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 6 }), (pieces) => {
      const text = pieces.join('');
      try {
        checkTemplate('action', text);
      } catch {
        return;
      }
      expect(filledIn(text, aJob())).not.toMatch(/undefined|\[object|native code/);
    }),
  );
});

it('is never longer than it may be, nor made so long on the way', () => {
  const job = aJob({ args: { page: 'x'.repeat(200_000) } });
  expect(filledIn('{{job.args.page}}', job, 200_000)).toHaveLength(200_000);
  expect(() => filledIn('{{job.args.page}}', job, 199_999)).toThrow('longer than 199999 characters');
  expect(() => filledIn('{{job.args.page}}'.repeat(10_000), job, 200_000)).toThrow('longer than');
});
