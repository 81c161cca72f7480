import { accessErrors, limitOverview, type Place } from '@spiderhub/core';
import { limitContracts as contracts, usageContracts } from '@spiderhub/wire';
import type { Operation } from '../../../http/operation.ts';
import type { Parts } from '../../../parts.ts';
import { served } from '../served.ts';

/** What organisations and projects may have, and what they have. */
export function limitOperations({ limits, usage }: Parts): Operation[] {
  const overview = (place: Place) => limitOverview(limits.store, limits.book.defaults, place);
  const ofOrganisation = async (place: Place) => ({ limits: (await overview(place)).limits });

  return [
    served(
      contracts.readOrganisationLimits,
      'limits.read',
    )(async ({ caller, params }) => {
      await caller.mayIn(params.organisation);
      return ofOrganisation(params);
    }),
    served(
      contracts.changeOrganisationLimits,
      'limits.write',
    )(async ({ caller, params, body }) => {
      await caller.mayIn(params.organisation);
      await limits.store.change(caller.actor, params, body);
      return ofOrganisation(params);
    }),
    served(
      contracts.readProjectLimits,
      'limits.read',
    )(async ({ caller, params }) => {
      await caller.may(params.project);
      return overview(params);
    }),
    served(
      contracts.changeProjectLimits,
      'limits.write',
    )(async ({ caller, params, body }) => {
      await caller.may(params.project);
      await limits.store.change(caller.actor, params, body);
      return overview(params);
    }),
    served(
      usageContracts.readProjectUsage,
      'limits.read',
    )(async ({ caller, params: { project } }) => {
      await caller.may(project);
      const found = await usage.get(project);
      const bytes = await limits.store.find({ project });
      if (!found || !bytes) throw accessErrors.projectNotFound(project);
      const { pending, running, finished, deleted, items, blobBytes } = found;
      const jobs = { pending, running, finished, deleted };
      return { jobs, items, blobBytes, storedBytes: bytes.projectBytes };
    }),
  ];
}
