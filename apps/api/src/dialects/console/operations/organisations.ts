import { organisationContracts as contracts } from '@spiderhub/wire';
import type { Operation } from '../../../http/operation.ts';
import type { Parts } from '../../../parts.ts';
import { served } from '../served.ts';

export function organisationOperations(parts: Parts): Operation[] {
  return [
    served(
      contracts.listOrganisations,
      'organisations.read',
    )(async ({ caller }) => {
      const mine = caller.organisations();
      const found = await parts.people.members.organisations(mine && [...mine.keys()]);
      return { organisations: found.map((one) => ({ ...one, role: mine?.get(one.id) ?? null })) };
    }),
    served(
      contracts.createOrganisation,
      'organisations.create',
    )(async ({ caller, body }) => {
      caller.mayAnywhere();
      return { ...(await parts.people.members.createOrganisation(caller.actor, body.name)), role: null };
    }),
    served(
      contracts.readOrganisation,
      'organisations.read',
    )(async ({ caller, params }) => {
      const { role } = await caller.mayIn(params.organisation);
      const [found] = await parts.people.members.organisations([params.organisation]);
      return { id: params.organisation, name: found?.name ?? '', role };
    }),
    served(
      contracts.changeOrganisation,
      'organisations.write',
    )(async ({ caller, params, body }) => {
      const { role } = await caller.mayIn(params.organisation);
      const { members } = parts.people;
      return {
        ...(await members.renameOrganisation(caller.actor, params.organisation, body.name)),
        role,
      };
    }),
  ];
}
