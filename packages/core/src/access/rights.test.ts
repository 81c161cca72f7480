import { ACTIONS, type Action, type ActionRule } from './actions.ts';
import type { Principal } from './principal.ts';
import { checkRights, checkShown, hasRight } from './rights.ts';
import { ROLES, type Role, ranksWith } from './roles.ts';

const NAMES = Object.keys(ACTIONS) as Action[];

function principal(more: Partial<Principal> = {}): Principal {
  return {
    name: 'eve',
    user: 7,
    shown: { key: 1 },
    projects: new Map(),
    staff: false,
    organisations: new Map(),
    ...more,
  };
}

const SIGNED_IN = principal({ shown: { session: 1 } });
const as = (role: Role) => ({ inherited: role, own: null });
const ruleOf = (name: Action): ActionRule => ACTIONS[name];

it.each(ROLES)('%s may do exactly what the table of actions says, inherited or of its own', (role) => {
  for (const name of NAMES) {
    const { roles, staffOnly } = ruleOf(name);
    const expected = staffOnly === undefined && roles.includes(role);
    expect([name, hasRight(SIGNED_IN, name, as(role))]).toEqual([name, expected]);
    expect([name, hasRight(SIGNED_IN, name, { inherited: null, own: role })]).toEqual([name, expected]);
  }
});

it('who is two things may do what either may', () => {
  for (const name of NAMES) {
    const both = hasRight(SIGNED_IN, name, { inherited: 'reader', own: 'operator' });
    const either = hasRight(SIGNED_IN, name, as('reader')) || hasRight(SIGNED_IN, name, as('operator'));
    expect([name, both]).toEqual([name, either]);
  }
});

it('who is nothing there may do nothing, and staff all but what wants a person', () => {
  const staff = principal({ staff: true, user: null, shown: { key: 1 } });
  for (const name of NAMES) {
    expect([name, hasRight(SIGNED_IN, name, undefined)]).toEqual([name, false]);
    expect([name, hasRight(SIGNED_IN, name, { inherited: null, own: null })]).toEqual([name, false]);
    expect([name, hasRight(staff, name, undefined)]).toEqual([name, ruleOf(name).by !== 'session']);
  }
});

it('a key is no session, and a key of nobody no person', () => {
  for (const name of NAMES) {
    const { by, roles, staffOnly } = ruleOf(name);
    const [role] = roles;
    if (role === undefined || staffOnly !== undefined) continue;
    expect([name, hasRight(principal(), name, as(role))]).toEqual([name, by !== 'session']);
    expect([name, hasRight(principal({ user: null }), name, as(role))]).toEqual([name, by === undefined]);
  }
});

it('a key with bounds is good for these actions and for asking whose it is', () => {
  const bounds = { actions: new Set(['jobs.read']), projectsOnly: false, networks: null };
  const bounded = principal({ shown: { session: 1 }, bounds });
  for (const name of NAMES) {
    if (name === 'jobs.read' || name === 'account.read') continue;
    expect([name, hasRight(bounded, name, as('owner'))]).toEqual([name, false]);
    expect(() => checkShown(bounded, name)).toThrow(`this key is not good for ${name}`);
  }
  expect(hasRight(bounded, 'jobs.read', as('reader'))).toBe(true);
});

it('a refusal names the roles that would do', () => {
  const name = NAMES.find(
    (each) => !ruleOf(each).roles.includes('reader') && ruleOf(each).staffOnly === undefined,
  );
  expect(() => checkRights(SIGNED_IN, name as Action, as('reader'))).toThrow(
    `${name} needs another role here: one of ${ruleOf(name as Action).roles.join(', ')}`,
  );
});

it('a role ranks with itself and those below', () => {
  for (const [i, one] of ROLES.entries())
    for (const [j, other] of ROLES.entries()) expect(ranksWith(one, other)).toBe(i <= j);
});
