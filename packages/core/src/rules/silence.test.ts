import { aRule } from '../testing/samples.ts';
import type { NoRun, RuleAction } from './rule.ts';
import { lookedAt, type Watch } from './silence.ts';

const NOW = new Date('2026-01-02T00:00:00Z');
const HOUR_MS = 3600_000;
const hoursAgo = (hours: number) => new Date(NOW.getTime() - hours * HOUR_MS);

function watch(more: Partial<Watch> = {}, noRun: Partial<NoRun> = {}, action?: RuleAction): Watch {
  const rule = aRule({
    ...(action && { action }),
    when: { ...aRule().when, noRun: { hours: 24, of: 'end', schedule: null, recovery: true, ...noRun } },
  });
  return { id: 3, rule, spider: 'books', silentSince: null, ...more };
}

const run = (hours: number) => ({ project: 1, spider: 2, job: 9, at: hoursAgo(hours) });
const textOf = ({ news }: ReturnType<typeof lookedAt>) =>
  (JSON.parse((news as { told: { body: string } }).told.body) as { text: string }).text;

it('looks again when the last run will be too old, and never at once', () => {
  expect(lookedAt(watch(), run(4), NOW)).toEqual({
    lookAt: new Date(NOW.getTime() + 20 * HOUR_MS),
    silentSince: null,
    news: null,
  });
  expect(lookedAt(watch(), run(30), NOW).lookAt).toEqual(new Date(NOW.getTime() + 1000));
});

it('tells of silence once, and remembers since when', () => {
  const first = lookedAt(watch(), null, NOW);
  expect(first).toMatchObject({ silentSince: NOW, lookAt: new Date(NOW.getTime() + 60_000) });
  expect(first.news?.event).toBe(`silence-3-${NOW.getTime()}`);
  expect(textOf(first)).toBe('after books: no run of books of project 1 ended for 24 hours');
  const again = lookedAt(watch({ silentSince: hoursAgo(1) }), null, NOW);
  expect(again).toMatchObject({ silentSince: hoursAgo(1), news: null });
});

it('tells that it is over only who asked for that', () => {
  const over = lookedAt(watch({ silentSince: hoursAgo(1) }), run(0), NOW);
  expect(over.silentSince).toBeNull();
  expect(over.news?.event).toBe(`recovery-3-${NOW.getTime()}`);
  expect(textOf(over)).toBe('after books: books of project 1 runs again: 1/2/9 ended');
  expect(lookedAt(watch({ silentSince: hoursAgo(1) }, { recovery: false }), run(0), NOW).news).toBeNull();
});

it.each<[Partial<Watch>, Partial<NoRun>, string]>([
  [{ spider: '' }, {}, 'no run of project 1 ended for 24 hours'],
  [{ spider: '' }, { schedule: 6 }, 'no run of periodic job 6 of project 1 ended for 24 hours'],
  [{}, { of: 'start', hours: 1 }, 'no run of books of project 1 started for 1 hour'],
])('names what is silent: %j %j', (more, noRun, words) => {
  expect(textOf(lookedAt(watch(more, noRun), null, NOW))).toBe(`after books: ${words}`);
});

it('a webhook hears the facts', () => {
  const looked = lookedAt(
    watch({ spider: '' }, { schedule: 6 }, { channel: 'webhook', webhook: 1 }),
    null,
    NOW,
  );
  expect(JSON.parse((looked.news as { told: { body: string } }).told.body)).toEqual({
    type: 'alert',
    timestamp: NOW.toISOString(),
    data: {
      rule: { id: 4, name: 'after books' },
      project: 1,
      silence: 'begun',
      spider: null,
      periodic_job: 6,
      hours: 24,
      of: 'end',
      job: null,
    },
  });
});

it('a letter begins like a sentence', () => {
  const looked = lookedAt(watch({}, {}, { channel: 'email', users: [1] }), null, NOW);
  expect(looked.news?.told).toMatchObject({
    notice: {
      text: expect.stringMatching(/^No run of books of project 1 ended for 24 hours\.\n\n/) as string,
    },
  });
});

it('a rule that watches nothing is nobody to ask', () => {
  expect(() => lookedAt({ ...watch(), rule: aRule() }, null, NOW)).toThrow('watches nothing');
});
