import { aJob, anEvent } from '../testing/samples.ts';
import { digestNotice, disabledNotice, jobNotice } from './notice.ts';

const RULE = { id: 4, project: 1, name: 'after books' };

it('says how a job ended, where, and by which rule one is told', () => {
  expect(jobNotice(RULE, aJob({ attempt: 3 }))).toEqual({
    subject: 'after books: books (1/2/3) ended as finished',
    text:
      'books (1/2/3) ended as finished at 2026-01-01 00:02 UTC: 5 items, 6 pages, 0 errors.\n\n' +
      'Version v1, after 3 attempts.\n\n' +
      'You are told by rule 4 of project 1, "after books".\n',
    place: '/p/1/job/2/3',
  });
});

it('says unknown of what is not known', () => {
  const { text } = jobNotice(RULE, aJob({ version: null, closeReason: null, finishedAt: null }));
  expect(text).toContain('ended as unknown: 5 items');
  expect(text).toContain('Version unknown.\n');
});

it('a subject is one line of 200 characters at most, whatever a rule is called', () => {
  const { subject } = jobNotice({ ...RULE, name: 'a\r\nBcc: all@example.com\u2028\u0000b' }, aJob());
  expect(subject).toMatch(/^a Bcc: all@example\.com b: books/);
  const long = jobNotice({ ...RULE, name: 'x'.repeat(255) }, aJob()).subject;
  expect(long).toHaveLength(200);
  expect(long.endsWith('…')).toBe(true);
});

it.each<[string[], number, string]>([
  [[], 2, 'It had 2 more to tell within an hour than is told one by one.'],
  [['1/2/3'], 1, 'one by one: 1/2/3.'],
  [['1/2/3', '1/2/4'], 9, 'one by one: 1/2/3, 1/2/4, ….'],
])('tells of %j and %d in all together', (sources, count, words) => {
  expect(digestNotice(RULE, sources, count)).toMatchObject({
    subject: `after books: ${count} more`,
    text: expect.stringContaining(words) as string,
    place: '/p/1',
  });
});

it.each<[string | null, string, string]>([
  ['{"webhook":3,"reason":"it answered 410"}', 'Webhook 3', 'because it answered 410.'],
  ['{"rule":8,"reason":"it failed for 5 days"}', 'The address of rule 8', 'because it failed for 5 days.'],
  [null, 'Webhook ', 'because it was.'],
])('tells of what is disabled: %s', (data, what, why) => {
  const notice = disabledNotice(anEvent({ type: 'webhook.disabled', data }));
  expect(notice?.subject).toBe(`${what} of project 1 is disabled`);
  expect(notice?.text).toContain(why);
  expect(disabledNotice(anEvent({ data }))).toBeNull();
});
