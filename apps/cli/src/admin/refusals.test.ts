import { aListedPeriodicJob } from '../testing/periodic.ts';
import { readArguments } from './arguments.ts';
import { printed } from './print.ts';
import type { AdminStores } from './stores.ts';

const HOUR_MS = 3600_000;
const words = (line: string) => line.match(/"[^"]*"|\S+/g)?.map((word) => word.replaceAll('"', '')) ?? [];
const read = (line: string) => readArguments(words(line));

it.each<[string, string]>([
  ['key create --project 0', '--project: expected a whole number, 1 to 999999999'],
  ['key create --project 1.5', '--project: expected a whole number'],
  ['key create --project 1 --role boss', '--role: expected one of owner'],
  ['key create --user eve --key short', '--key: expected at least 16 letters and digits'],
  ['key create --user eve --key "a key with spaces in it"', '--key: expected at least 16'],
  ['key create --user eve --key user:password-of-it', '--key: expected at least 16'],
  [
    'key create --user eve --key sphub_000000000000000000000000000000000000',
    '--key: a key of this form ends with another',
  ],
  ['key create --user eve --days 0', '--days: expected a whole number of days'],
  ['key create --user eve --days 999999999', '--days: expected a whole number of days, 1 to 36500'],
  ['key create --user eve --days 36501', '--days: expected a whole number of days, 1 to 36500'],
  ['key rotate', '--id is required'],
  ['key rotate --id 1 --grace-hours 721', '--grace-hours: expected a whole number of hours, 0 to 720'],
  ['key rotate --id 1 --grace-hours -1', ''],
  ['key rotate --id 1 --days 40000', '--days: expected a whole number of days'],
  ['key list --user eve', '--user is no option of this command: key list'],
  ['key', 'npm run admin -- COMMAND'],
  ['key list extra', 'npm run admin -- COMMAND'],
  ['constructor', 'npm run admin -- COMMAND'],
  ['key list --constructor', 'npm run admin -- COMMAND'],
  ['schedule create --project 1 --spider a', '--cron is required'],
  ['schedule create --project 1 --spider a --cron x --overlap both', '--overlap: expected one of skip'],
  ['schedule create --project 1 --spider a --cron x --catchup two', '--catchup: expected one of skip'],
  ['schedule create --project 1 --spider a --cron x --jitter 0', '--jitter: expected a whole number'],
  [
    'schedule create --project 1 --spider a --cron x --arguments [1]',
    '--arguments: expected a JSON object of texts',
  ],
  [
    'schedule create --project 1 --spider a --cron x --arguments {a:1}',
    '--arguments: expected a JSON object of texts',
  ],
  [
    'schedule create --project 1 --spider a --cron x --arguments null',
    '--arguments: expected a JSON object of texts',
  ],
  ['schedule run --project 1', '--id is required'],
  ['webhook create --project 1 --url http://x --type job.exploded', '--type: expected one of job.scheduled'],
  ['webhook replay --project 1 --id 2 --since yesterday', '--since: expected a time such as'],
  ['user email --name eve --email nowhere', '--email: expected an address such as'],
  ['invite create --role boss --project 1', '--role: expected one of'],
  ['organisation create --name ""', '--name is required'],
  ['project limits --id 1 --max-running many', '--max-running: expected a whole number'],
  ['project limits --id 1 --policy {', '--policy: expected JSON such as'],
  ['project limits --id 1 --policy []', '--policy:'],
])('%s is refused before any database is asked', (line, why) => {
  expect(() => read(line)).toThrow(why);
});

it('JSON of a limit is checked as the API checks it', () => {
  const limits = (option: string, json: string) => () =>
    readArguments(['project', 'limits', '--id', '1', option, json]);
  expect(limits('--policy', '{"maxAttempts":0}')).toThrow('--policy: maxAttempts');
  expect(limits('--policy', '{"maxAttempt":1}')).toThrow('--policy:');
  expect(limits('--retention', '{"days":0}')).toThrow('--retention: days');
  expect(limits('--retention', '{"days":0.5,"keepTags":["x"]}')).not.toThrow();
});

/** What is asked of a store, and the answer that the command makes of its answers. */
async function run(line: string | string[], answers: Record<string, Record<string, unknown>>) {
  const calls: [string, unknown[]][] = [];
  const stores = Object.fromEntries(
    Object.entries(answers).map(([store, methods]) => [
      store,
      Object.fromEntries(
        Object.entries(methods).map(([method, answer]) => [
          method,
          async (...args: unknown[]) => {
            calls.push([`${store}.${method}`, args]);
            return typeof answer === 'function' ? (answer as (...a: unknown[]) => unknown)(...args) : answer;
          },
        ]),
      ),
    ]),
  );
  const { work } = readArguments(typeof line === 'string' ? words(line) : line);
  const answer = await work({ ...stores, site: 'https://hub.example.com' } as unknown as AdminStores);
  return { answer, calls, last: calls.at(-1)?.[1] ?? [] };
}

it.each<[string, string]>([
  ['--user eve --project 1', 'to a --user or to a --project, not to both'],
  ['', 'A key needs a --user, a --project or --staff'],
  ['--user eve --role reader', '--role says what a key of a --project is'],
  ['--project 1 --only-project 1', '--only-project says where a key of a --user is good'],
  ['--user eve --staff --only-project 1', '--only-project says where'],
  ['--user eve --action jobs.destroy', 'actions: jobs.destroy is no action'],
  ['--user eve --from 10.0.0.0/40', 'networks:'],
])('no key is made with %j', async (options, why) => {
  const { work } = read(`key create ${options}`);
  const createKey = async () => {
    throw new Error('it was made');
  };
  await expect(work({ admin: { createKey } } as unknown as AdminStores)).rejects.toThrow(why);
});

const MADE = { value: { id: 5 }, created: true };

it('a key is stored by its hash, and shown once', async () => {
  const { answer, last } = await run('key create --user eve --days 2 --from 10.0.0.0/8 --action jobs.read', {
    admin: { createKey: MADE },
  });
  const { key } = answer as { key: string };
  expect(key).toMatch(/^sphub_/);
  expect(JSON.stringify(last)).not.toContain(key);
  const [stored] = last as [{ expiresAt: Date; networks: string[]; actions: string[]; user: string }];
  expect(stored).toMatchObject({
    user: 'eve',
    actions: ['jobs.read'],
    networks: ['10.0.0.0/8'],
    projects: null,
  });
  expect(Math.abs(stored.expiresAt.getTime() - Date.now() - 48 * HOUR_MS)).toBeLessThan(HOUR_MS);
});

it('a key of ones own is taken as it is', async () => {
  const { answer } = await run('key create --user eve --key a-key-of-my-own-choice', {
    admin: { createKey: MADE },
  });
  expect(answer).toMatchObject({ key: 'a-key-of-my-own-choice', id: 5, created: true });
});

it('a key that is replaced goes on for the hours that were said', async () => {
  const keys = { rotate: { apiKey: 'sphub_new', key: { id: 6 } } };
  const { calls } = await run('key rotate --id 5 --grace-hours 0', {
    keys,
    admin: { listKeys: [{ id: 6 }] },
  });
  expect(calls[0]?.[1]?.slice(1)).toEqual(['anywhere', 5, { graceMs: 0, expiresAt: undefined }]);
});

it('a plan has what was said, and else what plans begin with', async () => {
  const line = ['schedule', 'create', '--project', '1', '--spider', 'books', '--cron', '0 5 * * *'];
  const answers = { versions: { spiderNumber: 2 }, periodic: { create: aListedPeriodicJob() } };
  const { last } = await run([...line, '--arguments', '{"a":"1"}', '--tag', 't', '--jitter', '60'], answers);
  expect(last[2]).toMatchObject({
    cron: '0 5 * * *',
    timezone: 'UTC',
    overlap: 'skip',
    catchup: 'one',
    jitterSeconds: 60,
    tags: ['t'],
    tasks: [{ spider: 'books', args: { a: '1' } }],
  });
  await expect(run(line, { ...answers, versions: { spiderNumber: null } })).rejects.toThrow(
    '--spider: books not found in project 1',
  );
});

it.each([
  ['pause', true],
  ['resume', false],
])('schedule %s changes that alone', async (verb, disabled) => {
  const job = aListedPeriodicJob({ disabled: !disabled, tags: ['t'] });
  let changed: unknown;
  const change = (_actor: unknown, _project: number, _id: number, how: (one: typeof job) => unknown) => {
    changed = how(job);
    return { ...job, disabled };
  };
  const { answer } = await run(`schedule ${verb} --project 1 --id 5`, { periodic: { change } });
  expect(changed).toEqual({ ...job, disabled });
  expect(answer).toMatchObject({ id: 5, disabled, next: disabled ? null : job.nextAt });
});

it('what was sent again is what failed since then, or one message whatever it was', async () => {
  const webhooks = { replay: 3 };
  const since = await run('webhook replay --project 1 --id 2 --since 2026-01-01T00:00:00Z', { webhooks });
  expect(since.last[3]).toEqual({ message: undefined, since: new Date('2026-01-01'), states: ['failed'] });
  const one = await run('webhook replay --project 1 --id 2 --message m', { webhooks });
  expect(one.last[3]).toEqual({ message: 'm', since: undefined, states: undefined });
  await expect(run('webhook replay --project 1 --id 2', { webhooks })).rejects.toThrow(
    '--message or --since',
  );
});

it('a link for a user is one that only the user has', async () => {
  const answers = { accounts: { byName: { id: 7 } }, links: { forUser: { expiresAt: new Date(0) } } };
  const { answer, last } = await run('user link --name eve --password', answers);
  const { link } = answer as { link: string };
  expect(link).toMatch(/^https:\/\/hub\.example\.com\/password#token=[\w-]{43}$/);
  expect(JSON.stringify(last)).not.toContain(link.split('=')[1]);
  await expect(run('user link --name bob', { accounts: { byName: null } })).rejects.toMatchObject({
    code: 'user_not_found',
  });
});

it('an invitation is for one place', async () => {
  const none = { admin: {}, links: {} };
  await expect(run('invite create --role reader', none)).rejects.toThrow('--organisation or for a --project');
  await expect(run('invite create --role reader --project 1 --organisation a', none)).rejects.toThrow(
    'for a',
  );
});

it.each<[object, string]>([
  [{ id: 1, name: null, at: new Date(0) }, 'id    1\nname  -\nat    1970-01-01T00:00:00.000Z'],
  [[], 'none'],
  [
    [
      { id: 1, name: 'a long name' },
      { id: 22, name: '' },
    ],
    'id  name\n1   a long name\n22',
  ],
  [[{ a: ['x'], b: true }], 'a      b\n["x"]  true'],
])('%j is printed for people', (answer, text) => {
  expect(printed(answer, false)).toBe(text);
});

it('as JSON it is whole', () => {
  expect(JSON.parse(printed([{ id: 1, at: new Date(0), none: null }], true))).toEqual([
    { id: 1, at: '1970-01-01T00:00:00.000Z', none: null },
  ]);
});
