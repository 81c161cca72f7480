import { ACTOR, aRule } from '../testing/samples.ts';
import type { Rule, RuleAction, RuleConditions, RulePlan } from './rule.ts';
import { createJobRules } from './rules.ts';

const { when: WHEN } = aRule();
const SLACK: RuleAction = { channel: 'slack', url: 'https://chat.example.com/x' };
const RUN: RuleAction = { channel: 'run', spider: 'books', args: {}, tags: [], priority: 2 };
const NO_RUN = { hours: 5, of: 'end', schedule: null, recovery: false } as const;

const plan = (more: Partial<RulePlan> = {}): RulePlan => ({
  name: 'n',
  when: WHEN,
  action: SLACK,
  disabled: false,
  ...more,
});
const when = (more: Partial<RuleConditions>) => plan({ when: { ...WHEN, ...more } });

/** Rules of project 1, with spider `books`, webhook 5, periodic job 6, and users 7 and 8 who may be mailed. */
function setUp({ kept = aRule() as Rule | null, mails = true } = {}) {
  const stored: unknown[][] = [];
  const note =
    <T>(name: string, answer: T) =>
    async (...args: unknown[]) => {
      stored.push([name, ...args]);
      return answer;
    };
  const rules = createJobRules({
    store: {
      find: async () => kept,
      create: note('create', aRule()),
      replace: note('replace', kept),
      remove: note('remove', kept !== null),
    } as never,
    versions: {
      spiderNumber: async (_project: number, name: string) => (name === 'books' ? 2 : null),
    } as never,
    webhooks: { find: async (_project: number, id: number) => (id === 5 ? {} : null) } as never,
    periodic: { find: async (_project: number, id: number) => (id === 6 ? {} : null) } as never,
    notices: mails ? { addressees: async () => [7, 8].map((user) => ({ user, name: `u${user}` })) } : null,
  });
  return { rules, stored };
}

const refusal = async (asked: RulePlan, how = {}) => {
  const { rules, stored } = setUp(how);
  const error = await rules.create(ACTOR, 1, asked).catch((thrown: Error) => thrown);
  expect(stored).toEqual([]);
  return error instanceof Error ? error.message : 'taken';
};

it.each<[string, RulePlan]>([
  ['a name that is empty', plan({ name: '' })],
  ['a name that is too long', plan({ name: 'x'.repeat(256) })],
  ['a name with a NUL', plan({ name: 'a\0b' })],
])('refuses %s', async (_what, asked) => expect(await refusal(asked)).toMatch(/^name: /));

it.each<[string, Partial<RuleConditions>, string]>([
  ['too many words', { spiders: Array(101).fill('a') }, 'when: more than 100'],
  ['an empty word', { hasTag: [''] }, 'when: expected 1 to'],
  ['a word that is too long', { outcomes: ['x'.repeat(256)] }, 'when: expected 1 to'],
  ['half a character', { exceptOutcomes: ['\ud800'] }, 'when: '],
  ['a last tag that is empty', { lastWithTag: '' }, 'when: expected 1 to'],
  [
    'silence of a periodic job that is not there',
    { noRun: { ...NO_RUN, schedule: 9 } },
    'when: noRun: periodic job 9 not found',
  ],
  ['silence with what is of jobs that end', { noRun: NO_RUN, minErrors: 1 }, 'when: noRun: minErrors'],
  ['silence without items', { noRun: NO_RUN, isEmpty: true }, 'when: noRun: minErrors'],
  ['silence of the last one', { noRun: NO_RUN, lastWithTag: 'x' }, 'when: noRun: minErrors'],
  [
    'silence of spiders and of a schedule',
    { noRun: { ...NO_RUN, schedule: 6 }, spiders: ['a'] },
    'when: noRun: expected spiders or',
  ],
  [
    'outcomes of starts',
    { noRun: { ...NO_RUN, of: 'start' }, outcomes: ['finished'] },
    'when: noRun: a run has no outcome',
  ],
])('refuses conditions with %s', async (_what, more, words) =>
  expect(await refusal(when(more))).toEqual(expect.stringContaining(words)),
);

it('takes silence of a schedule, and outcomes of ends', async () => {
  const { rules, stored } = setUp();
  await rules.create(ACTOR, 1, when({ noRun: { ...NO_RUN, schedule: 6 } }));
  await rules.create(ACTOR, 1, when({ noRun: NO_RUN, outcomes: ['finished'], spiders: ['a', 'b'] }));
  expect(stored.map(([name]) => name)).toEqual(['create', 'create']);
});

it.each<[string, RuleAction, string]>([
  ['a spider that is not there', { ...RUN, spider: 'nobody' }, 'action: spider: nobody not found'],
  ['an argument that is no template', { ...RUN, args: { a: '{{job.nothing}}' } }, 'action: '],
  ['a webhook that is not there', { channel: 'webhook', webhook: 4 }, 'action: webhook 4 not found'],
  ['an address that is none', { channel: 'slack', url: 'not an address' }, 'action: '],
  ['an address with a user', { channel: 'slack', url: 'https://me:pw@example.com/' }, 'action: '],
  ['nobody to mail', { channel: 'email', users: [] }, 'action: users: expected 1 to 20'],
  [
    'too many to mail',
    { channel: 'email', users: Array.from({ length: 21 }, (_, i) => i) },
    'action: users: expected 1 to 20',
  ],
  ['somebody who may not be mailed', { channel: 'email', users: [7, 9] }, 'action: users: 9 is no member'],
])('refuses an action with %s', async (_what, action, words) =>
  expect(await refusal(plan({ action }))).toEqual(expect.stringContaining(words)),
);

it('runs nothing because of silence', async () => {
  expect(await refusal({ ...when({ noRun: NO_RUN }), action: RUN })).toContain(
    'action: run: no job has ended',
  );
});

it('mails nobody where no mail is sent', async () => {
  const error = await setUp({ mails: false })
    .rules.create(ACTOR, 1, plan({ action: { channel: 'email', users: [7] } }))
    .catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ kind: 'conflict', code: 'no_mail' });
  expect(await setUp({ mails: false }).rules.addressees(1)).toEqual({ mail: false, addressees: [] });
  expect((await setUp().rules.addressees(1)).addressees).toHaveLength(2);
});

it('mails each user once, whoever is named twice', async () => {
  const { rules, stored } = setUp();
  await rules.create(ACTOR, 1, plan({ action: { channel: 'email', users: [8, 7, 8] } }));
  expect(stored[0]?.[3]).toMatchObject({ action: { users: [8, 7] } });
});

it('changes what is named, and looks only at that: a rule whose webhook is gone can be disabled', async () => {
  const kept = aRule({ action: { channel: 'webhook', webhook: 4 } });
  const { rules, stored } = setUp({ kept });
  await rules.change(ACTOR, 1, 4, { disabled: true });
  expect(stored).toEqual([['replace', ACTOR, 1, 4, { ...kept, disabled: true }]]);
  await expect(rules.change(ACTOR, 1, 4, { action: kept.action })).rejects.toThrow('webhook 4 not found');
});

it('looks at a change together with what stays', async () => {
  const { rules } = setUp({ kept: aRule({ action: RUN }) });
  const noRun = { ...WHEN, noRun: NO_RUN };
  await expect(rules.change(ACTOR, 1, 4, { when: noRun })).rejects.toThrow('action: run: no job has ended');
  await expect(rules.change(ACTOR, 1, 4, { when: noRun, action: SLACK })).resolves.toBeDefined();
});

it('says of a rule that is gone that it is not found, whatever is asked', async () => {
  const { rules } = setUp({ kept: null });
  const notFound = { kind: 'not_found', code: 'rule_not_found' };
  await expect(rules.find(1, 4)).rejects.toMatchObject(notFound);
  await expect(rules.change(ACTOR, 1, 4, {})).rejects.toMatchObject(notFound);
  await expect(rules.remove(ACTOR, 1, 4)).rejects.toMatchObject(notFound);
});
