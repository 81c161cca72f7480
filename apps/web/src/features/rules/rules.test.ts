import type { Rule } from '../../api/rules.ts';
import { bodyOf, draftOf, emptyRule } from './draft.ts';
import { actionWords, whenWords } from './sentence.ts';

const rule: Rule = {
  id: 3,
  name: 'clean',
  when: {
    spiders: ['books', 'shop'],
    outcomes: ['finished'],
    hasTag: [],
    exceptOutcomes: [],
    minErrors: 4,
    isEmpty: true,
    lastWithTag: 'nightly',
    noRun: null,
  },
  action: {
    channel: 'run',
    spider: 'clean',
    args: { source: '{{job.key}}' },
    tags: ['cleaned'],
    priority: 3,
  },
  disabled: false,
  createdBy: 'jane',
  createdAt: '2026-11-30T00:00:00.000Z',
};

it('says a rule in a sentence', () => {
  expect(whenWords(rule.when)).toBe(
    'When a job of books or shop ends as finished without an item with 4 errors or more as the last one with tag nightly',
  );
  expect(whenWords({})).toBe('When a job ends');
  expect(actionWords(rule.action)).toBe('run clean with source={{job.key}}');
  expect(actionWords({ channel: 'slack', url: 'https://hooks.slack.com/services/SECRET' })).toBe(
    'tell hooks.slack.com',
  );
  expect(actionWords({ channel: 'webhook', webhook: 4 }, new Map([[4, 'https://example.org/']]))).toBe(
    'send an alert to https://example.org/',
  );
});

it('sends back what it was given, also what the form does not know', () => {
  const { name, when, action } = rule;
  expect(bodyOf(draftOf(rule), when)).toEqual({ name, when, action });
  const later = { ...when, something: 12 } as Rule['when'];
  expect(bodyOf(draftOf(rule), later).when).toEqual(later);
});

it('says what is silent, and sends it back', () => {
  const silent: Rule = {
    ...rule,
    when: {
      spiders: ['books', 'films'],
      hasTag: [],
      outcomes: ['finished'],
      exceptOutcomes: [],
      minErrors: null,
      isEmpty: false,
      lastWithTag: null,
      noRun: { hours: 26, of: 'end', schedule: null, recovery: true },
    },
    action: { channel: 'email', users: [3] },
  };
  const { name, when, action } = silent;
  expect(`${whenWords(when)}, ${actionWords(action)}`).toBe(
    'When no run of books or films has ended as finished for 26 hours, mail 1 person',
  );
  expect(bodyOf(draftOf(silent), when)).toEqual({ name, when, action });
  const watched = { ...draftOf(silent), schedule: '5', of: 'start' as const };
  expect(bodyOf(watched, when).when).toEqual({
    ...when,
    spiders: [],
    outcomes: [],
    noRun: { hours: 26, of: 'start', schedule: 5, recovery: true },
  });
  expect(whenWords(bodyOf(watched, when).when)).toBe(
    'When no run of periodic job 5 has started for 26 hours',
  );
});

it('asks for nothing that was left empty', () => {
  expect(bodyOf({ ...emptyRule, name: ' all ', channel: 'slack', url: 'https://a.example/' })).toEqual({
    name: 'all',
    when: {
      spiders: [],
      hasTag: [],
      outcomes: [],
      exceptOutcomes: [],
      isEmpty: false,
      minErrors: null,
      lastWithTag: null,
      noRun: null,
    },
    action: { channel: 'slack', url: 'https://a.example/' },
  });
});
