import { NEW_PERIODIC_PLAN, type PeriodicPlan } from '@spiderhub/core';
import { readPlan } from './form.ts';

const spiders = {
  byNumber: async (number: number) => (number === 7 ? 'seven' : null),
  isKnown: async (name: string) => ['books', 'seven'].includes(name),
};
const TASK = {
  spider: 'books',
  args: {},
  command: null,
  priority: 2,
  units: 1,
  settings: {},
  environment: {},
};
const PRESENT: PeriodicPlan = {
  ...NEW_PERIODIC_PLAN,
  cron: '1 2 3 4 5',
  tags: ['old'],
  tasks: [{ ...TASK, priority: 4 }],
};

const read = (fields: object | string, present?: PeriodicPlan) =>
  readPlan(typeof fields === 'string' ? fields : JSON.stringify(fields), spiders, present);
const written = (fields: object) => readPlan(JSON.stringify(fields), spiders, undefined, PRESENT);
const plan = (fields: object) => read({ cron: '* * * * *', tasks: [{ name: 'books' }], ...fields });
const task = async (fields: object) => (await plan({ tasks: [{ name: 'books', ...fields }] })).tasks[0];

it('is a plan with what was named, and else as plans begin', async () => {
  expect(await plan({})).toEqual({ ...NEW_PERIODIC_PLAN, cron: '* * * * *', tasks: [TASK] });
});

it.each<[object, Partial<PeriodicPlan>]>([
  [{ disabled: true }, { disabled: true }],
  [{ description: 'x' }, { description: 'x' }],
  [{ addtags: ['a', 'b', 'a'] }, { tags: ['a', 'b'] }],
  [{ timezone: 'Europe/Berlin' }, { timezone: 'Europe/Berlin' }],
  [
    { overlap: 'queue', catchup: 'all' },
    { overlap: 'queue', catchup: 'all' },
  ],
  [{ jitter_seconds: 60 }, { jitterSeconds: 60 }],
  [{ jitter_seconds: '60' }, { jitterSeconds: 60 }],
  [{ start_at: '2026-01-01T00:00:00Z' }, { startAt: new Date('2026-01-01T00:00:00Z') }],
  [{ end_at: '2026-01-01T00:00+01:00' }, { endAt: new Date('2025-12-31T23:00:00Z') }],
  [{ start_at: null }, { startAt: null }],
  [{ somebody: 'else', toString: 1 }, {}],
])('reads %j', async (fields, part) => {
  expect(await plan(fields)).toMatchObject(part);
});

it.each<[object, string]>([
  [{ disabled: 'yes' }, 'disabled: expected true or false'],
  [{ description: 5 }, 'description: expected a text'],
  [{ addtags: 'a' }, 'addtags: expected a list of texts'],
  [{ addtags: ['a', 1] }, 'addtags: expected a text'],
  [{ overlap: 'both' }, 'overlap: expected one of skip, allow, queue, replace'],
  [{ overlap: 'length' }, 'overlap: expected one of'],
  [{ catchup: null }, 'catchup: expected one of'],
  [{ jitter_seconds: -1 }, 'jitter_seconds: expected a whole number between 0 and 3600'],
  [{ jitter_seconds: 1.5 }, 'jitter_seconds: expected a whole number'],
  [{ jitter_seconds: [] }, 'jitter_seconds: expected a whole number'],
  [{ start_at: '2026-01-01' }, 'start_at: expected an ISO 8601 time with its zone'],
  [{ start_at: '2026-01-01T00:00:00' }, 'start_at: expected an ISO 8601 time with its zone'],
  [{ end_at: '2026-13-01T00:00:00Z' }, 'end_at: expected an ISO 8601'],
  [{ end_at: 1767225600 }, 'end_at: expected an ISO 8601'],
  [{ cron: 5 }, 'cron: expected a text'],
  [{ tasks: 'books' }, 'tasks: expected a list of tasks'],
  [{ tasks: [] }, 'tasks: This list may not be empty.'],
  [{ tasks: ['books'] }, 'tasks: a task is an object'],
  [{ tasks: [{}] }, 'tasks: a task needs a name'],
  [{ tasks: [{ name: '' }] }, 'tasks: spider:  not found'],
  [{ tasks: [{ name: 'other' }] }, 'tasks: spider: other not found'],
  [{ tasks: [{ name: 'x'.repeat(300) }] }, 'not found'],
  [{ tasks: [{ jobq_id: 8 }] }, 'tasks: jobq_id: 8 not found'],
  [{ tasks: [{ jobq_id: 'x' }] }, 'jobq_id: expected a whole number'],
  [{ tasks: [{ jobq_id: 0 }] }, 'jobq_id: expected a whole number'],
  [{ hour: '5' }, 'hour: cannot stand beside cron and tasks'],
  [{ spiders: [] }, 'spiders: cannot stand beside cron and tasks'],
])('refuses %j', async (fields, why) => {
  await expect(plan(fields)).rejects.toThrow(why);
});

it.each(['', '[]', '"x"', '{', '{"a":1,}', 'null'])('takes %j for no body', async (text) => {
  await expect(read(text)).rejects.toThrow(/^body: /);
});

it.each<[object, object]>([
  [{ spider_args: { a: '1' }, args: { b: '2' } }, { args: { a: '1' } }],
  [{ args: { a: 1, b: true, c: null } }, { args: { a: '1', b: 'true', c: 'null' } }],
  [
    { priority: 0, units: '4' },
    { priority: 0, units: 4 },
  ],
  [
    { priority: null, units: null, args: null, script_args: null },
    { priority: 2, units: 1, args: {}, command: null },
  ],
  [{ script_args: `-x 'a b' "c\\"d"` }, { command: ['-x', 'a b', 'c"d'] }],
  [{ script_args: ' ' }, { command: null }],
  [{ job_settings: { A: 1, B: [1, 'x'] } }, { settings: { A: '1', B: '[1,"x"]' } }],
  [{ environment: { A: 'x', B: 5 } }, { environment: { A: 'x', B: '5' } }],
])('a task of %j', async (fields, part) => {
  expect(await task(fields)).toMatchObject(part);
});

it.each<[object, string]>([
  [{ args: { a: [1] } }, 'spider_args: a must be a text'],
  [{ args: { a: { b: 1 } } }, 'spider_args: a must be a text'],
  [{ args: [] }, 'args: expected an object'],
  [{ spider_args: 'x' }, 'spider_args: expected an object'],
  [{ priority: 5 }, 'priority: expected a whole number between 0 and 4'],
  [{ units: 0 }, 'units: expected a whole number between 1 and'],
  [{ script_args: 5 }, 'script_args: expected a text'],
  [{ script_args: '"open' }, 'script_args: '],
  [{ job_settings: 5 }, 'job_settings: expected an object'],
  [{ environment: { 'a b': 'x' } }, 'environment: "a b" is no variable name'],
  [{ environment: { A: null } }, 'environment: A must be a string'],
])('no task of %j', async (fields, why) => {
  await expect(task(fields)).rejects.toThrow(why);
});

it('numbers of any size stay as they were written', async () => {
  const text =
    '{"cron":"x","tasks":[{"name":"books","args":{"a":1152921504606846977},"job_settings":{"B":1e400}}]}';
  expect((await read(text)).tasks[0]).toMatchObject({
    args: { a: '1152921504606846977' },
    settings: { B: '1e400' },
  });
});

it('a spider may come by its number', async () => {
  expect(
    (await plan({ tasks: [{ jobq_id: 7 }, { jobq_id: '7' }] })).tasks.map(({ spider }) => spider),
  ).toEqual(['seven', 'seven']);
});

it.each<[object, string]>([
  [{ hour: '5' }, '* 5 * * *'],
  [{ minutes_shift: 30, hour: '*/2', day: 'mon' }, '30 */2 * * mon'],
  [{ minutes_shift: '0', hour: '0', dayofmonth: '1', month: '1', day: '*' }, '0 0 1 1 *'],
])('the older fields %j are the expression %j', async (fields, cron) => {
  expect((await read({ ...fields, spiders: [{ name: 'books' }] })).cron).toBe(cron);
});

it.each<[object, string]>([
  [{ hour: 1.5 }, 'hour: expected a value or *'],
  [{ hour: '1 2' }, 'hour: expected a value or *'],
  [{ hour: '' }, 'hour: expected a value or *'],
  [{ day: null }, 'day: expected a value or *'],
])('the older fields %j are refused', async (fields, why) => {
  await expect(read({ ...fields, spiders: [{ name: 'books' }] })).rejects.toThrow(why);
});

it('a change keeps what it does not name', async () => {
  expect(await read({ description: 'x' }, PRESENT)).toEqual({ ...PRESENT, description: 'x' });
  expect((await read({ hour: '9' }, PRESENT)).cron).toBe('1 9 3 4 5');
  expect((await read({ hour: '9' }, { ...PRESENT, cron: '@daily' })).cron).toBe('* 9 * * *');
  await expect(read({ tasks: [{ name: 'books' }] })).rejects.toThrow('cron: This field is required.');
});

describe('what was read', () => {
  const tasks = [{ name: 'books', priority: 4 }];
  const others = [{ name: 'seven' }];
  const [minutes_shift, hour, dayofmonth, month, day] = PRESENT.cron.split(' ');
  const parts = { minutes_shift, hour, dayofmonth, month, day };
  const echo = { id: 5, cron: PRESENT.cron, ...parts, tasks, spiders: tasks };

  it.each<[string, object, object]>([
    ['as it is', {}, {}],
    ['with another cron', { cron: '1 9 3 4 5' }, { cron: '1 9 3 4 5' }],
    ['with an older field that is another', { hour: '9' }, { cron: '1 9 3 4 5' }],
    ['with both', { cron: '1 9 3 4 5', hour: '9' }, { cron: '1 9 3 4 5' }],
    ['with other tasks', { tasks: others }, { tasks: [{ ...TASK, spider: 'seven' }] }],
    ['with other spiders', { spiders: others }, { tasks: [{ ...TASK, spider: 'seven' }] }],
  ])('may be written back %s', async (_, fields, part) => {
    const { cron, tasks: kept } = PRESENT;
    expect(await written({ ...echo, ...fields })).toEqual({
      ...NEW_PERIODIC_PLAN,
      cron,
      tasks: kept,
      ...part,
    });
  });

  it('is refused when its two forms were changed differently', async () => {
    await expect(written({ ...echo, cron: '1 8 3 4 5', hour: '9' })).rejects.toThrow(
      'cron: is changed in both',
    );
    const spiderless = { ...echo, tasks: others, spiders: [{ name: 'books' }] };
    await expect(written(spiderless)).rejects.toThrow('tasks: is changed in both');
  });
});
