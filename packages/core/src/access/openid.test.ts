import type { Identity } from '../ports/identity-provider.ts';
import type { Admission, IdentityStore, Known } from '../ports/identity-store.ts';
import type { LinkStore } from '../ports/link-store.ts';
import { stranger } from './actor.ts';
import { createOpenIdSignIn, type OpenIdRules } from './openid.ts';

const ANN: Known = { user: 1, name: 'ann' };
const FLOW = { state: 's', nonce: 'n', verifier: 'v' };
const RULES: OpenIdRules = { name: 'X', domains: [], groups: [], newUsers: 'invited' };
const IDENTITY: Identity = {
  issuer: 'https://id',
  subject: 's1',
  name: 'Ann',
  email: 'ann@Example.org',
  groups: ['a'],
};

/** Signs in as `identity` where `known` are known identities, and says by what a new user came. */
async function signIn(
  identity: Partial<Identity>,
  rules: Partial<OpenIdRules> = {},
  { known = null, invited = false }: { known?: Known | null; invited?: boolean } = {},
): Promise<string> {
  const admissions: Admission[] = [];
  const identities: IdentityStore = {
    find: async () => known,
    add: async () => undefined,
    admit: async (_actor, { name }, by) => {
      admissions.push(by);
      return by === 'anybody' || invited ? { user: 9, name } : null;
    },
  };
  const openId = createOpenIdSignIn({
    provider: {
      begin: async () => ({ url: '', flow: FLOW }),
      finish: async () => ({ ...IDENTITY, ...identity }),
    },
    identities,
    accounts: { byEmail: async () => null },
    links: {} as LinkStore,
    rules: { ...RULES, ...rules },
  });
  const came = await openId.finish(stranger('::1'), new URL('https://here'), FLOW, null);
  const last = admissions.at(-1);
  return `${came.name} ${last === undefined ? 'known' : typeof last === 'string' ? last : 'invited'}`;
}

it.each<[string, Partial<Identity>, Partial<OpenIdRules>, object, string]>([
  ['a known one', {}, {}, { known: ANN }, 'ann known'],
  ['one who is invited by the address', {}, {}, { invited: true }, 'ann@Example.org invited'],
  ['anybody, where that is allowed', {}, { newUsers: 'anybody' }, {}, 'ann@Example.org anybody'],
  ['one without address', { email: null }, { newUsers: 'anybody' }, {}, 'Ann anybody'],
  ['one without any name', { email: null, name: '\u0007' }, { newUsers: 'anybody' }, {}, 's1 anybody'],
  ['one of an allowed domain', {}, { domains: ['example.org'] }, { known: ANN }, 'ann known'],
  ['one of an allowed group', {}, { groups: ['b', 'a'] }, { known: ANN }, 'ann known'],
])('lets in %s', async (_name, identity, rules, more, expected) => {
  expect(await signIn(identity, rules, more)).toBe(expected);
});

it.each<[string, Partial<Identity>, Partial<OpenIdRules>, string]>([
  ['who is not invited', {}, {}, 'not_invited'],
  ['who has no verified address and is not known', { email: null }, {}, 'not_invited'],
  ['another domain', {}, { domains: ['example.com'], newUsers: 'anybody' }, 'forbidden'],
  [
    'a domain that only ends alike',
    { email: 'a@evilexample.org' },
    { domains: ['example.org'] },
    'forbidden',
  ],
  [
    'an address with two signs',
    { email: 'a@example.org@evil.org' },
    { domains: ['example.org'] },
    'forbidden',
  ],
  ['no address where a domain is asked for', { email: null }, { domains: ['example.org'] }, 'forbidden'],
  ['another group', {}, { groups: ['b'], newUsers: 'anybody' }, 'forbidden'],
])('keeps out %s', async (_name, identity, rules, code) => {
  await expect(signIn(identity, rules)).rejects.toMatchObject({ code });
});

it('keeps out a known one, too, who is no longer of the group', async () => {
  await expect(signIn({ groups: [] }, { groups: ['a'] }, { known: ANN })).rejects.toMatchObject({
    code: 'forbidden',
  });
});
