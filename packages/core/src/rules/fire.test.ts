import type { Job } from '../jobs/job.ts';
import { aJob, anEvent, aRule } from '../testing/samples.ts';
import { digestOf, type Firing, firingsOf, plain } from './fire.ts';
import type { RuleAction, RuleConditions } from './rule.ts';

const counts = { items: 5, pages: 6, logs: 7, errors: 2 };

function fires(when: Partial<RuleConditions>, job: Partial<Job> = {}): boolean {
  const rule = aRule({ when: { ...aRule().when, ...when } });
  return firingsOf([rule], anEvent(), aJob({ counts, ...job })).length === 1;
}

it.each<[Partial<RuleConditions>, Partial<Job>, boolean]>([
  [{}, {}, true],
  [{ spiders: ['books'] }, {}, true],
  [{ spiders: ['book'] }, {}, false],
  [{ hasTag: ['x', 'daily'] }, {}, true],
  [{ hasTag: ['x'] }, {}, false],
  [{ outcomes: ['finished'] }, {}, true],
  [{ outcomes: ['failed'] }, {}, false],
  [{ outcomes: ['failed'] }, { closeReason: null }, false],
  [{ exceptOutcomes: ['finished'] }, {}, false],
  [{ exceptOutcomes: ['failed'] }, {}, true],
  [{ exceptOutcomes: ['failed'] }, { closeReason: null }, true],
  [{ outcomes: ['finished'], exceptOutcomes: ['finished'] }, {}, false],
  [{ minErrors: 2 }, {}, true],
  [{ minErrors: 3 }, {}, false],
  [{ minErrors: 0 }, { counts: { ...counts, errors: 0 } }, true],
  [{ isEmpty: true }, {}, false],
  [{ isEmpty: true }, { counts: { ...counts, items: 0 } }, true],
  [{ lastWithTag: 'daily' }, {}, true],
  [{ lastWithTag: 'weekly' }, {}, false],
  [{ noRun: { hours: 1, of: 'end', schedule: null, recovery: false } }, {}, false],
])('a rule of %j for a job of %j', (when, job, isFired) => {
  expect(fires(when, job)).toBe(isFired);
});

it('only the end of a job fires rules, those of its project that are not disabled', () => {
  expect(firingsOf([aRule()], anEvent({ type: 'job.started' }), aJob())).toEqual([]);
  expect(firingsOf([aRule()], anEvent(), null)).toEqual([]);
  expect(firingsOf([aRule({ disabled: true })], anEvent(), aJob())).toEqual([]);
  expect(firingsOf([aRule({ project: 2 })], anEvent(), aJob())).toEqual([]);
});

function told(action: RuleAction): Extract<Firing, { type: string }> {
  const [firing] = firingsOf([aRule({ action, name: 'a <b> & c' })], anEvent(), aJob({ counts }));
  return firing as Extract<Firing, { type: string }>;
}

it('a run is asked for with the words of the job that ended, once for each event', () => {
  const action: RuleAction = {
    channel: 'run',
    spider: 'next',
    args: { from: '{{job.key}}', old: '{{ job.args.page }}', none: '{{job.args.nothing}}' },
    tags: ['of-{{job.spider}}', '{{job.args.nothing}}', 'of-books'],
    priority: 3,
  };
  const [firing] = firingsOf([aRule({ action })], anEvent(), aJob());
  expect(firing).toMatchObject({
    request: {
      project: 1,
      spider: 'next',
      args: { from: '1/2/3', old: '9', none: '' },
      tags: ['of-books'],
      priority: 3,
      meta: { triggered_by: '"1/2/3"', trigger_rule: '4' },
      idempotencyKey: 'rule 4 log-1-2',
      scheduledBy: 'rule',
    },
  });
});

it('a chat reads one sentence, in which nothing is markup', () => {
  const { body } = told({ channel: 'slack', url: 'https://chat.example.com/' });
  expect(JSON.parse(body)).toEqual({
    text: 'a &lt;b&gt; &amp; c: books (1/2/3) ended as finished, 5 items, 2 errors',
  });
});

it('a webhook hears what it would hear of the job, and of which rule', () => {
  const { type, body } = told({ channel: 'webhook', webhook: 8 });
  expect(type).toBe('alert');
  expect(JSON.parse(body)).toMatchObject({
    type: 'alert',
    timestamp: '2026-01-01T00:02:00.000Z',
    data: { rule: { id: 4, name: 'a <b> & c' }, job: '1/2/3', counts },
  });
});

it('a letter goes out as a notice', () => {
  const [firing] = firingsOf([aRule({ action: { channel: 'email', users: [1] } })], anEvent(), aJob());
  expect(firing).toMatchObject({ notice: { place: '/p/1/job/2/3' } });
});

it.each<[RuleAction, object]>([
  [{ channel: 'slack', url: '' }, { text: 'after books: 3 more within an hour: 1/2/3, 1/2/4, …' }],
  [
    { channel: 'webhook', webhook: 8 },
    { type: 'alert.digest', data: { name: 'after books', count: 3, jobs: ['1/2/3', '1/2/4'] } },
  ],
])('what is too much is told together: %j', (action, body) => {
  const digest = digestOf(aRule({ action }), ['1/2/3', '1/2/4'], 3) as { type: string; body: string };
  expect(digest.type).toBe('alert.digest');
  expect(JSON.parse(digest.body)).toEqual(body);
});

it('a digest that names all of them says so', () => {
  const digest = digestOf(aRule(), ['1/2/3'], 1) as { body: string };
  expect(digest.body).not.toContain('…');
  expect(digestOf(aRule({ action: { channel: 'email', users: [1] } }), [], 2)).toHaveProperty('notice');
});

it('markup of a chat is three characters', () => {
  expect(plain('<!channel> & "x"')).toBe('&lt;!channel&gt; &amp; "x"');
  expect(plain('&lt;')).toBe('&amp;lt;');
});
