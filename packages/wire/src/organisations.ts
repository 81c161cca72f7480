import { z } from 'zod';
import { contract } from './contract.ts';
import { READ_ERRORS, WRITE_ERRORS } from './errors.ts';
import { Id, Name, None, OfOrganisation, OfProject, Role } from './fields.ts';

export const Organisation = z
  .strictObject({
    id: Id,
    name: z.string(),
    /** What the caller is there; null for staff. */
    role: Role.nullable(),
  })
  .meta({ id: 'Organisation' });

export const Project = z
  .strictObject({
    id: Id,
    name: z.string(),
    organisation: z.strictObject({ id: Id, name: z.string() }),
    /** Jobs of a paused project stay pending. */
    paused: z.boolean(),
    /** The mightiest of what the caller is there. */
    role: Role,
  })
  .meta({ id: 'Project' });

const OrganisationList = z
  .strictObject({ organisations: z.array(Organisation) })
  .meta({ id: 'OrganisationList' });
const ProjectList = z.strictObject({ projects: z.array(Project) }).meta({ id: 'ProjectList' });

export const organisationContracts = {
  listOrganisations: contract({
    id: 'listOrganisations',
    method: 'get',
    path: '/organisations',
    summary: 'The organisations that the caller is a member of; all of them for staff',
    params: None,
    query: None,
    body: null,
    reply: OrganisationList,
    errors: READ_ERRORS,
  }),
  createOrganisation: contract({
    id: 'createOrganisation',
    method: 'post',
    path: '/organisations',
    summary: 'Make an organisation (staff)',
    params: None,
    query: None,
    body: z.strictObject({ name: Name }),
    reply: Organisation,
    errors: WRITE_ERRORS,
  }),
  readOrganisation: contract({
    id: 'readOrganisation',
    method: 'get',
    path: '/organisations/:organisation',
    summary: 'An organisation',
    params: OfOrganisation,
    query: None,
    body: null,
    reply: Organisation,
    errors: READ_ERRORS,
  }),
  changeOrganisation: contract({
    id: 'changeOrganisation',
    method: 'patch',
    path: '/organisations/:organisation',
    summary: 'Name an organisation',
    params: OfOrganisation,
    query: None,
    body: z.strictObject({ name: Name }),
    reply: Organisation,
    errors: WRITE_ERRORS,
  }),
};

export const projectContracts = {
  listProjects: contract({
    id: 'listProjects',
    method: 'get',
    path: '/projects',
    summary: 'The projects that the caller is a member of; all of them for staff',
    params: None,
    query: None,
    body: null,
    reply: ProjectList,
    errors: READ_ERRORS,
  }),
  createProject: contract({
    id: 'createProject',
    method: 'post',
    path: '/organisations/:organisation/projects',
    summary: 'Make a project',
    params: OfOrganisation,
    query: None,
    body: z.strictObject({ name: Name }),
    reply: Project,
    errors: WRITE_ERRORS,
  }),
  readProject: contract({
    id: 'readProject',
    method: 'get',
    path: '/projects/:project',
    summary: 'A project',
    params: OfProject,
    query: None,
    body: null,
    reply: Project,
    errors: READ_ERRORS,
  }),
  changeProject: contract({
    id: 'changeProject',
    method: 'patch',
    path: '/projects/:project',
    summary: 'Name, pause or resume a project',
    params: OfProject,
    query: None,
    body: z.strictObject({ name: Name.optional(), paused: z.boolean().optional() }),
    reply: Project,
    errors: WRITE_ERRORS,
  }),
};
