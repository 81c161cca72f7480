import type { Refusal } from '../audit/audit.ts';
import type { DeadKey } from '../ports/access-store.ts';
import { hashApiKey, newApiKey } from './keys.ts';
import { createKnownKeys } from './known-keys.ts';
import type { Principal } from './principal.ts';

const GOOD = newApiKey();
const FROM = { address: '192.0.2.1', client: 'curl' };

const principal = (more: Partial<Principal> = {}): Principal => ({
  name: 'eve',
  user: 7,
  shown: { key: 5 },
  projects: new Map(),
  staff: false,
  organisations: new Map(),
  ...more,
});

function setUp({
  who = principal() as Principal | null,
  dead = null as DeadKey | null,
  hasRoom = true,
} = {}) {
  let clock = 0;
  const state = { who, asked: 0, deadAsked: 0 };
  const refusals: Refusal[] = [];
  const uses: unknown[][] = [];
  const isGood = (hash: Buffer) => hash.equals(hashApiKey(GOOD));
  const store = {
    async findKey(hash: Buffer) {
      state.asked += 1;
      return isGood(hash) ? state.who : null;
    },
    findKeys: async (hashes: readonly Buffer[]) => hashes.map((hash) => (isGood(hash) ? state.who : null)),
    async findDeadKey() {
      state.deadAsked += 1;
      return dead;
    },
  };
  const notes = {
    uses: { note: (...args: unknown[]) => void uses.push(args) },
    refusals: { note: (refusal: Refusal) => void refusals.push(refusal), hasRoom: () => hasRoom },
  };
  const keys = createKnownKeys(store, { trustMs: 1000, most: 10, now: () => clock }, notes as never);
  return {
    keys,
    state,
    refusals,
    uses,
    pass: (ms: number) => {
      clock += ms;
    },
  };
}

it('asks once a second for a key, good or bad, and notes each use of a good one', async () => {
  const { keys, state, uses, pass } = setUp();
  for (let i = 0; i < 3; i++) expect(await keys.authenticate(GOOD, FROM)).toBe(state.who);
  expect([state.asked, uses]).toEqual([1, Array(3).fill([5, FROM])]);
  state.who = null;
  pass(1001);
  expect(await keys.authenticate(GOOD, FROM)).toBeNull();
  expect(uses).toHaveLength(3);
});

it('does not ask the store for a key that is mistyped', async () => {
  const { keys, state, refusals } = setUp();
  const mistyped = `${GOOD.slice(0, -1)}${GOOD.endsWith('a') ? 'b' : 'a'}`;
  expect(await keys.authenticate(mistyped, FROM)).toBeNull();
  expect([state.asked, state.deadAsked]).toEqual([0, 0]);
  expect(refusals).toMatchObject([
    { action: 'sign-in', why: 'there is no such key', place: null, object: '' },
  ]);
  expect(JSON.stringify(refusals)).not.toContain(mistyped);
});

it('notes of a key that is over whose it was, in the log of its user or of its project', async () => {
  const its: DeadKey = { id: 9, user: 7, project: null, name: 'eve', why: 'the key was revoked' };
  const of = async (dead: DeadKey) => {
    const { keys, refusals } = setUp({ who: null, dead });
    await keys.authenticate(newApiKey(), FROM);
    return refusals[0];
  };
  expect(await of(its)).toMatchObject({ place: { user: 7 }, object: 'key 9', why: 'the key was revoked' });
  expect(await of({ ...its, user: null, project: 3 })).toMatchObject({
    place: { project: 3 },
    actor: { kind: 'key' },
  });
});

it('notes nothing of a text that may be somebody’s name, and does not look when there is no room', async () => {
  const named = setUp();
  expect(await named.keys.authenticate('admin', FROM)).toBeNull();
  expect(named.refusals).toEqual([]);
  const full = setUp({ hasRoom: false });
  await full.keys.authenticate(newApiKey(), FROM);
  expect([full.state.deadAsked, full.refusals]).toEqual([0, []]);
});

it('lets a key in from its networks alone, and says so where it is refused', async () => {
  const bounds = { actions: null, projectsOnly: false, networks: ['192.0.2.0/24', 'fd00::/8'] };
  const { keys, refusals, uses } = setUp({ who: principal({ bounds }) });
  const from = async (address: string | null) =>
    (await keys.authenticate(GOOD, { ...FROM, address })) !== null;
  expect(await from('192.0.2.255')).toBe(true);
  expect(await from('::ffff:192.0.2.9')).toBe(true);
  expect(await from('fd12::1')).toBe(true);
  for (const address of ['192.0.3.1', 'fe80::1', null, 'nonsense']) expect(await from(address)).toBe(false);
  expect(uses).toHaveLength(3);
  expect(refusals).toHaveLength(4);
  expect(refusals[0]).toMatchObject({
    why: 'the key is not good at this address',
    object: 'key 5',
    place: { user: 7 },
  });
});

it('looks anew for who needs to know today, and keeps who was known where nothing is found', async () => {
  const { keys, state } = setUp();
  const before = (await keys.authenticate(GOOD, FROM)) as Principal;
  const after = principal({ staff: true });
  state.who = after;
  expect(await keys.today(before)).toBe(after);
  expect(await keys.authenticate(GOOD, FROM)).toBe(after);
  state.who = null;
  expect(await keys.today(after)).toBe(after);
  const other = principal();
  expect(await keys.today(other)).toBe(other);
});

it('finds those of several keys that are good', async () => {
  const { keys, state } = setUp();
  const found = await keys.all([newApiKey(), GOOD, 'admin']);
  expect([...found]).toEqual([[GOOD, state.who]]);
});
