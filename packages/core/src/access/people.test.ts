import type { AccountStore } from '../ports/account-store.ts';
import type { KeyOwner, KeyPlace, KeyStore, ListedKey } from '../ports/key-store.ts';
import type { Link, LinkStore } from '../ports/link-store.ts';
import type { MemberStore } from '../ports/member-store.ts';
import { ACTOR } from '../testing/samples.ts';
import { createAccounts } from './accounts.ts';
import { createApiKeys, type KeyWish } from './api-keys.ts';
import { createForgotten } from './forgotten.ts';
import { createLetters } from './letters.ts';
import { createMemberships, type Manager } from './memberships.ts';
import { hashPassword } from './passwords.ts';
import type { Role } from './roles.ts';
import type { SignIn } from './sign-in.ts';
import { hashToken } from './tokens.ts';

const UNTIL = new Date('2026-02-01T10:00:00Z');
const SITE = 'https://hub.example.com';
const NEW_PASSWORD = 'a long and new password';
const BAD_LINK = { code: 'link_not_found' };
const MIGHTIER = { code: 'forbidden', message: expect.stringContaining('as much oneself') as string };

function mailbox(fails = false) {
  const sent: { to: string; subject: string; text: string }[] = [];
  const mailer = {
    async send(letter: { to: string; subject: string; text: string }) {
      if (fails) throw new Error('the mail server is away');
      sent.push(letter);
    },
  };
  return { sent, letters: createLetters(mailer) };
}

/** Links by the hash of their token, as the database keeps them. */
function linkStore(kept: Link | null = null) {
  const calls: [string, ...unknown[]][] = [];
  const note =
    <T>(name: string, answer: T) =>
    async (...args: unknown[]) => {
      calls.push([name, ...args]);
      return answer;
    };
  const invitation = { id: 3, expiresAt: UNTIL, organisation: { id: 1, name: 'Acme' }, project: null };
  const store = {
    invite: note('invite', invitation),
    forUser: note('forUser', { expiresAt: UNTIL }),
    look: note('look', kept),
    withdraw: note('withdraw', true),
    accept: note('accept', kept && { user: 7 }),
    takeSignIn: note('takeSignIn', kept && { user: 7 }),
    takeEmail: note('takeEmail', kept !== null),
    takePassword: note('takePassword', kept && { user: 7 }),
  } as unknown as LinkStore;
  return { store, calls, named: (name: string) => calls.filter(([one]) => one === name) };
}

describe('accounts', () => {
  async function setUp(kept: Link | null = null, account: { passwordHash: string | null } | null = null) {
    const links = linkStore(kept);
    const set: unknown[] = [];
    const eve = account && { id: 7, name: 'eve', email: 'eve@example.com', ...account };
    const store = {
      byNumber: async () => eve,
      setPassword: async (...args: unknown[]) => void set.push(args),
    } as unknown as AccountStore;
    const signIn = {
      async check({ password }: { password: string }) {
        if (password !== 'right') throw new Error('wrong password');
        return eve;
      },
    } as unknown as SignIn;
    const mail = mailbox();
    return { ...links, set, mail, accounts: createAccounts(store, links.store, signIn, mail.letters) };
  }
  const withPassword = async () => ({ passwordHash: await hashPassword('right') });

  it('change a password for who shows the old one, and end the other sessions', async () => {
    const { accounts, set } = await setUp(null, await withPassword());
    await expect(accounts.changePassword(ACTOR, undefined, NEW_PASSWORD)).rejects.toThrow(
      'current: is required',
    );
    await expect(accounts.changePassword(ACTOR, 'guess', NEW_PASSWORD)).rejects.toThrow('wrong password');
    await expect(accounts.changePassword(ACTOR, 'right', 'short')).rejects.toMatchObject({ kind: 'invalid' });
    expect(set).toEqual([]);
    await accounts.changePassword(ACTOR, 'right', NEW_PASSWORD);
    expect(set).toEqual([[ACTOR, 7, expect.stringMatching(/^scrypt\$/), 70]]);
  });

  it('have none for keys of nobody, and may get one when they had none', async () => {
    const nobody = { ...ACTOR, user: null };
    const { accounts, set } = await setUp(null, { passwordHash: null });
    await expect(accounts.changePassword(nobody, 'x', NEW_PASSWORD)).rejects.toMatchObject({
      kind: 'forbidden',
    });
    await expect(accounts.accept(nobody, 'token')).rejects.toMatchObject({ kind: 'forbidden' });
    expect(await accounts.hasPassword(7)).toBe(false);
    await accounts.changePassword(ACTOR, undefined, NEW_PASSWORD);
    expect(set).toHaveLength(1);
    expect(await (await setUp()).accounts.hasPassword(9)).toBe(false);
    expect(await (await setUp()).accounts.emailOf(9)).toBeNull();
  });

  it('know an address once its letter was answered', async () => {
    const { accounts, mail, named } = await setUp(null, await withPassword());
    await accounts.askForEmail(ACTOR, 'right', { email: 'new@example.com', site: SITE });
    const [letter] = mail.sent;
    const token = /#token=(\S+)/.exec(letter?.text ?? '')?.[1] ?? '';
    expect(letter).toMatchObject({ to: 'new@example.com', subject: 'Your address at Spiderhub' });
    expect(letter?.text).toContain(`${SITE}/email#token=`);
    expect(letter?.text).toContain('until 2026-02-01 10:00 UTC');
    expect(named('forUser')[0]?.[4]).toEqual(hashToken(token));
    expect(named('forUser')[0]?.[6]).toBe('new@example.com');
  });

  it('take a link once, and only for what it is', async () => {
    const password: Link = { kind: 'password', user: 'eve', expiresAt: UNTIL };
    const { accounts, calls } = await setUp(password, await withPassword());
    await expect(accounts.setByLink(ACTOR, 'token', 'short')).rejects.toMatchObject({ kind: 'invalid' });
    expect(calls.map(([name]) => name)).not.toContain('takePassword');
    await expect(accounts.setByLink(ACTOR, 'token', NEW_PASSWORD)).resolves.toEqual({ user: 7, name: 'eve' });
    await expect(accounts.createByInvitation(ACTOR, 'token', 'bob', NEW_PASSWORD)).rejects.toMatchObject(
      BAD_LINK,
    );
    const signIn = await setUp({ ...password, kind: 'sign-in' }, await withPassword());
    await expect(signIn.accounts.setByLink(ACTOR, 'token', NEW_PASSWORD)).rejects.toMatchObject(BAD_LINK);
    await expect(signIn.accounts.signInByLink(ACTOR, 'token')).resolves.toEqual({ user: 7, name: 'eve' });
  });

  it.each(['setByLink', 'signInByLink', 'createByInvitation', 'accept', 'confirmEmail', 'look'] as const)(
    '%s refuses a link that is not there',
    async (name) => {
      const { accounts } = await setUp();
      const asked = {
        setByLink: () => accounts.setByLink(ACTOR, 'token', NEW_PASSWORD),
        signInByLink: () => accounts.signInByLink(ACTOR, 'token'),
        createByInvitation: () => accounts.createByInvitation(ACTOR, 'token', 'bob', NEW_PASSWORD),
        accept: () => accounts.accept(ACTOR, 'token'),
        confirmEmail: () => accounts.confirmEmail(ACTOR, 'token'),
        look: () => accounts.look('token'),
      };
      await expect(asked[name]()).rejects.toMatchObject(BAD_LINK);
    },
  );

  it('sign nobody in whose user has gone meanwhile', async () => {
    const { accounts } = await setUp({ kind: 'sign-in', user: 'eve', expiresAt: UNTIL });
    await expect(accounts.signInByLink(ACTOR, 'token')).rejects.toMatchObject(BAD_LINK);
  });
});

describe('memberships', () => {
  const place = { organisation: 1 };
  const manager = (rank: Role, more: Partial<Manager> = {}): Manager => ({
    actor: ACTOR,
    role: rank,
    rank,
    staff: false,
    ...more,
  });

  function setUp({ role = 'operator' as Role | null, only = true, mail = mailbox() } = {}) {
    const links = linkStore();
    const changes: unknown[][] = [];
    const members = {
      roleOf: async () => role,
      isOnlyIn: async () => only,
      changeRole: async (...args: unknown[]) => changes.push(args) > 0,
      removeMember: async (...args: unknown[]) => changes.push(args) > 0,
    } as unknown as MemberStore;
    const accounts = createAccounts({} as AccountStore, links.store, {} as SignIn, mail.letters);
    const memberships = createMemberships({ members, links: links.store, accounts, letters: mail.letters });
    return { ...links, changes, memberships, mail };
  }

  it.each<[Role, Role, boolean]>([
    ['owner', 'owner', true],
    ['admin', 'owner', false],
    ['admin', 'admin', true],
    ['developer', 'admin', false],
    ['reader', 'operator', false],
  ])('%s invites %s: %j', async (rank, role, may) => {
    const { memberships, named } = setUp();
    const invited = memberships.invite(manager(rank), place, role);
    if (may) await expect(invited).resolves.toMatchObject({ mailedTo: null, expiresAt: UNTIL });
    else await expect(invited).rejects.toMatchObject(MIGHTIER);
    expect(named('invite')).toHaveLength(may ? 1 : 0);
  });

  it('a mailed invitation shows its token in the letter alone', async () => {
    const { memberships, mail } = setUp();
    const made = await memberships.invite(manager('owner'), place, 'reader', {
      email: 'a@example.com',
      site: SITE,
    });
    expect(made).toEqual({ token: null, mailedTo: 'a@example.com', expiresAt: UNTIL });
    expect(mail.sent[0]?.text).toContain('"eve" invites you to "Acme" as reader');
  });

  it('one whose letter could not be sent is taken back', async () => {
    const { memberships, named } = setUp({ mail: mailbox(true) });
    const to = { email: 'a@example.com', site: SITE };
    await expect(memberships.invite(manager('owner'), place, 'reader', to)).rejects.toThrow('away');
    expect(named('withdraw')).toEqual([['withdraw', ACTOR, place, 3]]);
  });

  it.each<[Role, Role, Role, boolean]>([
    ['owner', 'owner', 'reader', true],
    ['admin', 'owner', 'reader', false],
    ['admin', 'reader', 'owner', false],
    ['admin', 'operator', 'admin', true],
  ])('%s makes %s into %s: %j', async (rank, from, to, may) => {
    const { memberships, changes } = setUp({ role: from });
    const changed = memberships.changeRole(manager(rank), place, 9, to);
    if (may) await changed;
    else await expect(changed).rejects.toMatchObject(MIGHTIER);
    expect(changes).toEqual(may ? [[ACTOR, place, 9, from, to]] : []);
  });

  it('end by who ranks with them', async () => {
    await expect(
      setUp({ role: 'owner' }).memberships.remove(manager('admin'), place, 9),
    ).rejects.toMatchObject(MIGHTIER);
    await expect(setUp({ role: null }).memberships.remove(manager('owner'), place, 9)).rejects.toMatchObject({
      code: 'member_not_found',
    });
    const { memberships, changes } = setUp();
    await memberships.remove(manager('admin'), place, 9);
    expect(changes).toEqual([[ACTOR, place, 9, 'operator']]);
  });

  it('give a link for a password only to who is nowhere else, or by staff', async () => {
    const elsewhere = setUp({ only: false }).memberships;
    await expect(elsewhere.passwordLink(manager('owner'), 1, 9)).rejects.toThrow('belongs elsewhere');
    const staff = manager('owner', { staff: true });
    await expect(elsewhere.passwordLink(staff, 1, 9)).resolves.toMatchObject({ expiresAt: UNTIL });
    await expect(setUp().memberships.passwordLink(manager('admin'), 1, 9)).resolves.toBeDefined();
  });
});

describe('keys', () => {
  const manager: Manager = { actor: ACTOR, role: 'developer', rank: 'developer', staff: false };
  const soon = new Date(Date.now() + 60_000);

  function setUp(found: Partial<ListedKey> | null = {}, { role = null as Role | null, only = true } = {}) {
    const made: unknown[][] = [];
    const listed = found && ({ id: 1, role: null, user: null, ...found } as ListedKey);
    const store = {
      find: async () => listed,
      make: async (...args: unknown[]) => made.push(args) && listed,
      rotate: async (...args: unknown[]) => made.push(args) && listed,
      revoke: async (...args: unknown[]) => made.push(args) && listed,
    } as unknown as KeyStore;
    return { made, keys: createApiKeys(store, { roleOf: async () => role, isOnlyIn: async () => only }) };
  }

  it.each<[KeyOwner, Partial<KeyWish>, string]>([
    [{ user: 7 }, { name: 'x'.repeat(101) }, 'name: expected at most 100'],
    [{ user: 7 }, { actions: [] }, 'actions: expected 1 to 100'],
    [{ user: 7 }, { projects: Array.from({ length: 101 }, (_, n) => n) }, 'projects: expected 1 to 100'],
    [{ user: 7 }, { actions: ['toString'] }, 'actions: toString is no action'],
    [{ user: 7 }, { networks: ['10.0.0.0/33'] }, 'networks: '],
    [{ user: 7 }, { expiresAt: new Date(0) }, 'expiresAt: lies in the past'],
    [{ user: 7 }, { role: 'reader' }, 'role: a key of a user'],
    [{ user: 7 }, { projects: [1, 3] }, 'projects: 3 not found'],
    [{ project: 1 }, {}, 'role: is required'],
    [{ project: 1 }, { role: 'reader', projects: [1] }, 'projects: a key of a project'],
    [{ project: 1 }, { role: 'admin' }, 'as much oneself'],
  ])('of %j with %j are refused', async (owner, wish, why) => {
    const { keys, made } = setUp();
    await expect(keys.make(manager, owner, { name: '', ...wish }, [1, 2])).rejects.toThrow(why);
    expect(made).toEqual([]);
  });

  it('keep what was wished for, each word once, and never the key itself', async () => {
    const { keys, made } = setUp();
    const wish = { name: 'ci', actions: ['jobs.read', 'jobs.read'], networks: ['10.0.0.1'], expiresAt: soon };
    const { apiKey } = await keys.make(manager, { user: 7 }, wish, [1]);
    expect(JSON.stringify(made)).not.toContain(apiKey);
    expect(made[0]?.[3]).toEqual({
      name: 'ci',
      role: null,
      actions: ['jobs.read'],
      projects: null,
      networks: [expect.stringMatching(/^10\.0\.0\.1/)],
      expiresAt: soon,
    });
  });

  it.each<
    [string, Partial<ListedKey> | null, KeyPlace, { role?: Role | null; only?: boolean }, object | null]
  >([
    ['that is not there', null, { project: 1 }, {}, { code: 'key_not_found' }],
    ['of a higher role', { role: 'admin' }, { project: 1 }, {}, MIGHTIER],
    ['of the same role', { role: 'developer' }, { project: 1 }, {}, null],
    ['of a user, by the user', { user: { id: 9, name: 'x' } }, { user: 9 }, { only: false }, null],
    ['of a higher member', { user: { id: 9, name: 'x' } }, { organisation: 1 }, { role: 'owner' }, MIGHTIER],
    [
      'of a member of others',
      { user: { id: 9, name: 'x' } },
      { organisation: 1 },
      { role: 'reader', only: false },
      { message: expect.stringContaining('belongs elsewhere') as string },
    ],
    ['of a lower member', { user: { id: 9, name: 'x' } }, { organisation: 1 }, { role: 'reader' }, null],
  ])('%s', async (_, found, place, more, error) => {
    for (const verb of ['revoke', 'rotate'] as const) {
      const { keys, made } = setUp(found, more);
      if (error) await expect(keys[verb](manager, place, 1)).rejects.toMatchObject(error);
      else await keys[verb](manager, place, 1);
      expect(made).toHaveLength(error ? 0 : 1);
    }
  });

  it('are not replaced by one that is over', async () => {
    const { keys, made } = setUp();
    await expect(keys.rotate(manager, { project: 1 }, 1, { expiresAt: new Date(0) })).rejects.toThrow('past');
    await keys.rotate(manager, { project: 1 }, 1, { expiresAt: null });
    expect(made[0]?.[3]).toEqual({ graceMs: 24 * 3600_000, expiresAt: null });
  });
});

describe('a forgotten password', () => {
  function setUp({ user = true, mail = mailbox() } = {}) {
    const failures = new Map<string, number>();
    const errors: unknown[] = [];
    const count = {
      failed: async (name: string) => void failures.set(name, (failures.get(name) ?? 0) + 1),
      waitSeconds: async (name: string) => ((failures.get(name) ?? 0) >= 2 ? 60 : 0),
    };
    const forgotten = createForgotten({
      accounts: {
        byEmail: async () =>
          user ? { id: 7, name: 'eve', email: 'eve@example.com', passwordHash: '' } : null,
      },
      links: linkStore().store,
      letters: mail.letters,
      patience: { ofAskers: count, ofAddresses: count },
      onError: (error) => errors.push(error),
    });
    const ask = (email = 'Eve@example.com', address = '192.0.2.1') =>
      forgotten.ask({ ...ACTOR, address }, { email, site: SITE });
    return { forgotten, ask, mail, errors };
  }

  it('is answered alike whether there is such a user, and written to the address that is known', async () => {
    for (const user of [true, false]) {
      const { forgotten, ask, mail } = setUp({ user });
      await expect(ask()).resolves.toBeUndefined();
      await forgotten.settled();
      expect(mail.sent.map(({ to }) => to)).toEqual(user ? ['eve@example.com'] : []);
    }
  });

  it('fills no mailbox, however it is written and whoever asks', async () => {
    const { forgotten, ask, mail } = setUp();
    for (let n = 0; n < 5; n += 1) await ask(n % 2 ? 'EVE@example.com' : 'eve@EXAMPLE.com', `192.0.2.${n}`);
    await forgotten.settled();
    expect(mail.sent).toHaveLength(2);
    await ask('a@example.com', '192.0.2.99');
    await ask('b@example.com', '192.0.2.99');
    await expect(ask('c@example.com', '192.0.2.99')).rejects.toMatchObject({ code: 'too_many_failures' });
  });

  it('says nothing of a letter that could not be sent but to the log, and refuses where there is no mail', async () => {
    const { forgotten, ask, errors } = setUp({ mail: mailbox(true) });
    await ask();
    await forgotten.settled();
    expect(errors).toHaveLength(1);
    const none = { sent: [], letters: createLetters(null) };
    await expect(setUp({ mail: none }).ask()).rejects.toMatchObject({ code: 'no_mail' });
  });
});
