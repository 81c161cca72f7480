import { accessErrors, type Caller, type KeyOwner, type KeyWish, type Manager } from '@spiderhub/core';
import { organisationKeys, ownKeys, projectKeys } from '@spiderhub/wire';
import type { Operation } from '../../../http/operation.ts';
import type { Parts } from '../../../parts.ts';
import { served } from '../served.ts';
import { keyView, madeKeyView } from '../views.ts';

/** Keys of users and projects, and all those that reach into an organisation. */
export function keyOperations(parts: Parts): Operation[] {
  return [...ownKeyOperations(parts), ...projectKeyOperations(parts), ...organisationKeyOperations(parts)];
}

/** Who may do with its own keys what it likes. Throws `forbidden` for who is no user. */
function owner(caller: Caller): { manager: Manager; place: { user: number }; projects: readonly number[] } {
  const { user, projects, staff } = caller.account();
  if (user === null) throw accessErrors.forbidden('only users have keys of their own');
  return { manager: { actor: caller.actor, role: null, rank: 'owner', staff }, place: { user }, projects };
}

function ownKeyOperations(parts: Parts): Operation[] {
  return [
    served(
      ownKeys.list,
      'account.read',
    )(async ({ caller }) => ({
      keys: (await parts.people.keys.list(owner(caller).place)).map(keyView),
    })),
    served(
      ownKeys.make,
      'account.write',
    )(async ({ caller, body }) => {
      const { manager, place, projects } = owner(caller);
      return madeKeyView(await parts.people.keys.make(manager, place, wishOf(body), projects));
    }),
    served(
      ownKeys.rotate,
      'account.write',
    )(async ({ caller, params, body }) => {
      const { manager, place } = owner(caller);
      return madeKeyView(await parts.people.keys.rotate(manager, place, params.apikey, replacementOf(body)));
    }),
    served(
      ownKeys.revoke,
      'account.write',
    )(async ({ caller, params }) => {
      const { manager, place } = owner(caller);
      return keyView(await parts.people.keys.revoke(manager, place, params.apikey));
    }),
  ];
}

function projectKeyOperations(parts: Parts): Operation[] {
  const place = ({ project }: { project: number }): KeyOwner => ({ project });
  return [
    served(
      projectKeys.list,
      'keys.read',
    )(async ({ caller, params }) => {
      await caller.may(params.project);
      return { keys: (await parts.people.keys.list(place(params))).map(keyView) };
    }),
    served(
      projectKeys.make,
      'keys.write',
    )(async ({ caller, params, body }) => {
      const manager = await caller.mayManage(params.project);
      const wish = { ...wishOf(body), role: body.role };
      return madeKeyView(await parts.people.keys.make(manager, place(params), wish));
    }),
    served(
      projectKeys.rotate,
      'keys.write',
    )(async ({ caller, params, body }) => {
      const manager = await caller.mayManage(params.project);
      return madeKeyView(
        await parts.people.keys.rotate(manager, place(params), params.apikey, replacementOf(body)),
      );
    }),
    served(
      projectKeys.revoke,
      'keys.revoke',
    )(async ({ caller, params }) => {
      const manager = await caller.mayManage(params.project);
      return keyView(await parts.people.keys.revoke(manager, place(params), params.apikey));
    }),
  ];
}

function organisationKeyOperations(parts: Parts): Operation[] {
  return [
    served(
      organisationKeys.list,
      'keys.read',
    )(async ({ caller, params }) => {
      await caller.mayIn(params.organisation);
      return { keys: (await parts.people.keys.list(params)).map(keyView) };
    }),
    served(
      organisationKeys.revoke,
      'keys.revoke',
    )(async ({ caller, params: { organisation, apikey } }) => {
      const manager = await caller.mayIn(organisation);
      return keyView(await parts.people.keys.revoke(manager, { organisation }, apikey));
    }),
  ];
}

interface Terms {
  name: string;
  actions?: string[] | null | undefined;
  projects?: number[] | null | undefined;
  networks?: string[] | null | undefined;
  expiresAt?: string | null | undefined;
}

function wishOf({ name, actions = null, projects = null, networks = null, expiresAt }: Terms): KeyWish {
  return { name, actions, projects, networks, expiresAt: momentOf(expiresAt) ?? null };
}

function replacementOf({
  graceSeconds,
  expiresAt,
}: { graceSeconds?: number | undefined } & Pick<Terms, 'expiresAt'>) {
  const graceMs = graceSeconds === undefined ? undefined : graceSeconds * 1000;
  return { graceMs, expiresAt: momentOf(expiresAt) };
}

/** What is not said stays unsaid, and null means never. */
function momentOf(text: string | null | undefined): Date | null | undefined {
  return text == null ? text : new Date(text);
}
