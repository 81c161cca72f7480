import { accessErrors } from '@spiderhub/core';
import { projectContracts as contracts } from '@spiderhub/wire';
import type { Operation } from '../../../http/operation.ts';
import type { Parts } from '../../../parts.ts';
import { served } from '../served.ts';
import { projectView } from '../views.ts';

export function projectOperations(parts: Parts): Operation[] {
  return [
    served(
      contracts.listProjects,
      'projects.list',
    )(async ({ caller }) => {
      const found = await parts.people.members.projects(caller.everywhere());
      return { projects: found.map((project) => projectView(project, caller)) };
    }),
    served(
      contracts.createProject,
      'projects.create',
    )(async ({ caller, params, body }) => {
      const { rank } = await caller.mayIn(params.organisation);
      const { members } = parts.people;
      const made = await members.createProject(caller.actor, params.organisation, body.name, null);
      // What the caller is in the organisation it is in the new project.
      return { ...projectView(made, caller), role: rank };
    }),
    served(
      contracts.readProject,
      'projects.list',
    )(async ({ caller, params }) => {
      await caller.may(params.project);
      const [found] = await parts.people.members.projects([params.project]);
      if (!found) throw accessErrors.projectNotFound(params.project);
      return projectView(found, caller);
    }),
    served(
      contracts.changeProject,
      'projects.write',
    )(async ({ caller, params, body }) => {
      await caller.may(params.project);
      const { name, paused } = body;
      const change = { ...(name !== undefined && { name }), ...(paused !== undefined && { paused }) };
      return projectView(
        await parts.people.members.changeProject(caller.actor, params.project, change),
        caller,
      );
    }),
  ];
}
