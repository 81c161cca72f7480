import {
  COMMAND,
  digestOf,
  type JobKey,
  MAX_NOTICES_AN_HOUR,
  type Rule,
  type RuleAction,
  reactTo,
} from '@spiderhub/core';
import {
  createAdminStore,
  createDeliveryStore,
  createJobStore,
  createNoticeStore,
  createReactionStore,
  createRuleStore,
} from '@spiderhub/db';
import { createMailer } from '@spiderhub/mail';
import { createLogger, type Service } from '@spiderhub/platform';
import { createTestDatabase, eventsTold, eventually, type TestDatabase } from '@spiderhub/testkit';
import { createPostman } from '../../../apps/worker/src/mail/postman.ts';
import { type Mailbox, startMailbox } from '../../support/mailbox.ts';
import { makeTeam, scheduleRequest, type Team } from '../../support/team.ts';

const SITE = 'https://hub.example';
const log = createLogger({ name: 'test', level: 'silent' });

let db: TestDatabase;
let team: Team;
let organisation: string;
let mailbox: Mailbox;
let ann: number;
const running: Service[] = [];

beforeAll(async () => {
  db = await createTestDatabase();
});
beforeEach(async () => {
  await db.database('notices').delete();
  organisation = `team-${Math.random()}`;
  team = await makeTeam(db.database, organisation);
  ann = await member('ann');
  mailbox = await startMailbox();
  await react();
});
afterEach(async () => {
  for (const one of running.splice(0)) await one.stop(AbortSignal.timeout(5000));
  await mailbox.close();
});
afterAll(() => db.close());

/** Somebody of the organisation with an address. */
async function member(name: string, role: 'reader' | 'admin' = 'reader'): Promise<number> {
  const admin = createAdminStore(db.database);
  const { value: user } = await admin.createUser(`${name}-${Math.random()}`);
  await admin.addMember(organisation, user.name, role);
  await db
    .database('users')
    .where({ id: user.id })
    .update({ email: addressOf(name) });
  return user.id;
}

const addressOf = (name: string) => `${name}@${organisation}.example`;

async function rule(action: RuleAction = { channel: 'email', users: [ann] }): Promise<Rule> {
  const when = {
    spiders: ['a'],
    hasTag: [],
    outcomes: [],
    exceptOutcomes: [],
    minErrors: null,
    isEmpty: false,
    lastWithTag: null,
    noRun: null,
  };
  return createRuleStore(db.database).create(
    COMMAND,
    team.project,
    { name: 'all of a', when, action, disabled: false },
    200,
  );
}

const reactions = () => createReactionStore(db.database, { canMail: true });

async function react(store = reactions()): Promise<void> {
  await eventsTold(db.database);
  while ((await store.react(100, reactTo)).more);
}

async function run(spider = 'a', closeReason = 'finished'): Promise<JobKey> {
  const request = scheduleRequest(team.project, spider, { state: 'running', external: true });
  const [made] = await createJobStore(db.database).schedule([request]);
  if (made?.outcome !== 'scheduled') throw new Error('not scheduled');
  const key = { project: team.project, spider: made.spider, job: made.job };
  const change = { closeReason, meta: new Map<string, string>(), forget: [] };
  await createJobStore(db.database).move({ ...key, state: 'finished', change, by: COMMAND });
  return key;
}

async function post(more: { leaseMs?: number; url?: string } = {}): Promise<Service> {
  const mailer = createMailer({ SMTP_URL: more.url ?? mailbox.url });
  if (!mailer) throw new Error('no mailer');
  const one = createPostman({ store: createNoticeStore(db.database), mailer, site: SITE, log, ...more });
  running.push(one);
  await one.start();
  return one;
}

const got = () => mailbox.received.map(({ to }) => to[0] ?? '').sort((a, b) => a.localeCompare(b));
const states = async () => (await db.database('notices').orderBy('id')).map((row) => row.state as string);
const firings = ({ id }: Rule) => createRuleStore(db.database).firings(team.project, id, null, 100);
const hurry = () =>
  db
    .database('notices')
    .where({ state: 'waiting' })
    .update({ next_at: new Date(0) });

it('mails what happened to the people of a rule, each once, with where to look', async () => {
  const bob = await member('bob');
  const one = await rule({ channel: 'email', users: [ann, bob] });
  const { spider, job } = await run('a', 'memusage\r\nBcc: eve@example.org');
  await run('b');
  await react();
  await react();
  await post();
  await eventually(() => expect(got()).toEqual([addressOf('ann'), addressOf('bob')]));
  const [{ headers, text } = { headers: '', text: '' }] = mailbox.received;
  expect(headers).toMatch(/^subject: all of a: a \(\d+\/1\/1\) ended as memusage Bcc: eve@example\.org$/im);
  expect(headers).not.toMatch(/^bcc:/im);
  expect(text).toContain(`${SITE}/p/${team.project}/job/${spider}/${job}`);
  expect(text).toContain(`You are told by rule ${one.id} of project ${team.project}, "all of a".`);
  expect(await firings(one)).toMatchObject([{ outcome: 'told' }]);
  await eventually(async () => expect(await states()).toEqual(['sent', 'sent']));
});

it('writes to nobody who has left, or has shown no address, or never belonged to the project', async () => {
  const eve = await member('eve');
  const stranger = await member('stranger');
  await db.database('members').where({ user_id: stranger }).delete();
  const silent = await member('silent');
  await db.database('users').where({ id: silent }).update({ email: null });
  const store = createNoticeStore(db.database);
  const known = (await store.addressees(team.project)).map(({ user }) => user);
  expect(new Set(known)).toEqual(new Set([ann, eve]));

  const one = await rule({ channel: 'email', users: [ann, eve, stranger, silent] });
  await run();
  await react();
  // She leaves when the notice is in the post already.
  await db.database('members').where({ user_id: eve }).delete();
  await post();
  await eventually(async () => expect((await states()).sort()).toEqual(['failed', 'sent']));
  expect(got()).toEqual([addressOf('ann')]);
  expect(await firings(one)).toMatchObject([
    { outcome: 'told', reason: expect.stringMatching(/^eve-.* was not told: has no address here any more$/) },
  ]);

  const none = await rule({ channel: 'email', users: [stranger, silent] });
  await run();
  await react();
  expect(await firings(none)).toMatchObject([
    { outcome: 'refused', reason: 'none of its users may be mailed any more' },
  ]);
});

it('tries again while the server takes nothing, and gives up an address that it refuses', async () => {
  const one = await rule();
  mailbox.refuse(451);
  await run();
  await react();
  await post();
  const waiting = () => db.database('notices').first('state', 'tries', 'error');
  await eventually(async () =>
    expect(await waiting()).toMatchObject({
      state: 'waiting',
      tries: 1,
      error: expect.stringContaining('mail server'),
    }),
  );
  mailbox.refuse(null);
  await hurry();
  await eventually(() => expect(got()).toEqual([addressOf('ann')]));
  await eventually(async () => expect(await states()).toEqual(['sent']));

  mailbox.refuse(550);
  await run();
  await react();
  await eventually(async () => expect((await states()).sort()).toEqual(['failed', 'sent']));
  const [last] = await firings(one);
  expect(last?.reason).toMatch(/was not told: .*refuses this address/);
});

it('mails again under the same Message-ID what a process that died had under way', async () => {
  await rule();
  await run();
  await react();
  const store = createNoticeStore(db.database);
  const [claimed] = await store.claim(10, 300);
  expect(claimed?.to).toBe(addressOf('ann'));
  // Its process dies here, and another one sends it when the lease is over.
  await post();
  await eventually(async () => expect(await states()).toEqual(['sent']));
  expect(mailbox.received[0]?.headers).toMatch(
    new RegExp(`^message-id: <${claimed?.id.replaceAll('.', '\\.')}@127\\.0\\.0\\.1>$`, 'im'),
  );
  // The late word of the first one changes nothing.
  await store.settle(claimed?.id ?? '', claimed?.tries ?? 0, { state: 'waiting', error: 'late', afterMs: 0 });
  expect(await states()).toEqual(['sent']);
});

it('sends twenty an hour and then a digest, and no more to an organisation than anybody can read', async () => {
  const one = await rule();
  for (let n = 0; n < 23; n += 1) await run();
  await react();
  const outcomes = async () => (await firings(one)).map(({ outcome }) => outcome);
  expect((await outcomes()).filter((outcome) => outcome === 'held')).toHaveLength(3);
  expect(await reactions().digest(0, 10, digestOf)).toBe(1);
  const digest = await db.database('notices').whereLike('id', '%digest%').first();
  expect(digest.subject).toBe('all of a: 3 more');
  expect(digest.body).toMatch(/^It had 3 more to tell within an hour than is told one by one: /);

  // From here on the organisation has had enough, whichever rule it is.
  await db.database.raw(
    `insert into notices (id, project_id, user_id, subject, body)
    select 'x' || n, :project, :user, '', '' from generate_series(1, :most::int) n`,
    { project: team.project, user: ann, most: MAX_NOTICES_AN_HOUR },
  );
  const other = await rule();
  await run();
  await react();
  expect(await firings(other)).toMatchObject([{ outcome: 'held' }]);
  expect(await reactions().digest(0, 10, digestOf)).toBe(0);
  expect(await firings(other)).toMatchObject([{ outcome: 'held' }]);
  await db.database('notices').whereLike('id', 'x%').delete();
  expect(await reactions().digest(0, 10, digestOf)).toBe(2);
});

it('says so where no mail server is set up', async () => {
  const one = await rule();
  await run();
  await react(createReactionStore(db.database));
  expect(await firings(one)).toMatchObject([{ outcome: 'refused', reason: 'no mail server is set up' }]);
});

it('tells those who administer the organisation of a webhook that was disabled', async () => {
  await member('root', 'admin');
  const [hook] = await db
    .database('webhooks')
    .insert({
      project_id: team.project,
      url: 'https://example.org/',
      description: '',
      types: [],
      spiders: [],
      has_tag: [],
      created_by: 'test',
    })
    .returning<{ id: number }[]>('id');
  await run();
  await react();
  const store = createDeliveryStore(db.database);
  const [due] = await store.claim({ limit: 1, failing: 1, each: 4, tenant: 4, leaseMs: 1000 });
  const attempted = { status: 410, error: 'answered 410', durationMs: 1, answer: '', retryAfterMs: null };
  const verdict = { state: 'failed', gone: true } as const;
  await store.settle(
    [{ endpoint: hook?.id ?? 0, message: due?.message ?? '', tries: 1, attempted, verdict }],
    1,
  );
  await react();
  await react();
  await post();
  await eventually(() => expect(got()).toEqual([addressOf('root')]));
  expect(mailbox.received[0]?.text).toMatch(
    /^Webhook \d+ of project \d+ was disabled at .* because it answered 410: gone\./,
  );
});
