import { DomainError, readJobSearch, requestErrors, type SavedView } from '@spiderhub/core';
import { overviewContracts as contracts } from '@spiderhub/wire';
import type { Operation } from '../../../http/operation.ts';
import type { Parts } from '../../../parts.ts';
import { served } from '../served.ts';

export function viewOperations(parts: Parts): Operation[] {
  return [listViews(parts), saveView(parts), deleteView(parts)];
}

function viewOf({ id, name, q, user, createdBy }: SavedView) {
  return { id, name, q, isShared: user === null, createdBy };
}

const listViews = ({ views }: Parts) =>
  served(
    contracts.listViews,
    'jobs.read',
  )(async ({ caller, params: { project } }) => {
    await caller.may(project);
    return { views: (await views.list(project, caller.actor.user)).map(viewOf) };
  });

const saveView = ({ views, now }: Parts) =>
  served(contracts.saveView, { action: 'views.write', alsoAsks: ['views.share'] })(
    async ({ caller, params: { project }, body: { name, q, isShared = false } }) => {
      await caller.may(project);
      if (isShared) await caller.may(project, 'views.share');
      const { user } = caller.actor;
      if (!isShared && user === null) {
        throw requestErrors.invalid(
          'isShared',
          'a key that belongs to no user keeps filters for everybody only',
        );
      }
      // What cannot be read helps nobody later.
      readJobSearch(q, now());
      const view = { name, q, user: isShared ? null : user };
      const saved = await views.save(caller.actor, project, view);
      if (!saved)
        throw new DomainError('exhausted', 'too_many_views', 'The project has too many saved filters');
      return viewOf(saved);
    },
  );

const deleteView = ({ views }: Parts) =>
  served(contracts.deleteView, { action: 'views.write', alsoAsks: ['views.share'] })(
    async ({ caller, params: { project, view: id } }) => {
      await caller.may(project);
      const found = await views.find(project, id);
      const isOwn = found !== null && found.user !== null && found.user === caller.actor.user;
      if (!found || (found.user !== null && !isOwn)) {
        throw new DomainError('not_found', 'view_not_found', `view: ${id} not found`);
      }
      if (!isOwn) await caller.may(project, 'views.share');
      await views.remove(caller.actor, project, id);
      return {};
    },
  );
