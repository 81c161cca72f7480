import { type Action, Caller, type Principal, type Reach } from '@spiderhub/core';
import type { DeployedProject } from '@spiderhub/core/scrapyd';
import type { Request, Response } from 'express';
import { visitorOf } from '../../http/auth.ts';
import type { Parts } from '../../parts.ts';
import type { Projects } from './projects.ts';
import { type Fields, refused } from './wire/fields.ts';

/** One request that has shown its credentials, and may not do anything yet. */
export interface Visit {
  parts: Parts;
  projects: Projects;
  req: Request;
  res: Response;
  who: Principal;
  /** Path under which the dialect is mounted, as links have to name it. */
  prefix: string;
}

/** One that has asked for leave to do one thing. */
export interface Call extends Omit<Visit, 'who'> {
  caller: Caller;
  /** Where the caller may do that. */
  reach: Reach;
}

/** Asks the door for an operation's action. */
export function admitted({ who, ...visit }: Visit, action: Action): Call {
  const caller = new Caller(visit.parts.access, who, action, visitorOf(visit.req));
  return { ...visit, caller, reach: caller.reach() };
}

export interface ServiceCall extends Call {
  fields: Fields;
  /** Where the `egg` of a deployment lies, until it is answered; null when there was none. */
  eggPath: string | null;
}

/** The inside of the JSON answer as text, or null when the service has sent its answer itself. */
export type Service = (call: ServiceCall) => Promise<string | null>;

export function projectNotFound(name: string): Error {
  return refused(`project '${name}' not found`);
}

export function versionNotFound(name: string): Error {
  return refused(`version '${name}' not found`);
}

/** The project of this name, deployed at this moment. Throws as Scrapyd does for an unknown one. */
export async function requireProject({ projects, reach }: Call, name: string): Promise<DeployedProject> {
  const project = await projects.now(reach, name);
  if (!project) throw projectNotFound(name);
  return project;
}

/** Numbers of the projects to look into: the one of this name, or all in reach. */
export async function projectIds(call: Call, name: string | null): Promise<number[]> {
  if (name !== null) return [(await requireProject(call, name)).id];
  return (await call.parts.scrapyd.view.projects(call.reach)).map(({ id }) => id);
}
