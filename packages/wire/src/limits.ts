import { z } from 'zod';
import { contract } from './contract.ts';
import { READ_ERRORS, WRITE_ERRORS } from './errors.ts';
import { None, OfOrganisation, OfProject } from './fields.ts';

/** Of what there is a limit. */
const NAMES = [
  'requestsPerSecond',
  'burstSeconds',
  'pendingJobs',
  'runningJobs',
  'storedBytes',
  'eggBytes',
  'itemsPerJob',
  'logsPerJob',
  'periodicJobs',
  'webhooks',
] as const;
type Name = (typeof NAMES)[number];

function ofEach<S extends z.ZodType>(schema: S): z.ZodObject<Record<Name, S>, z.core.$strict> {
  return z.strictObject(Object.fromEntries(NAMES.map((name) => [name, schema])) as Record<Name, S>);
}

const Limit = z
  .strictObject({
    /** Null: none. */
    limit: z.int().nullable(),
    /** Whether staff has set it here; otherwise it is the default. */
    isSet: z.boolean(),
    /** What there is; null for what is not counted up. */
    used: z.int().nullable(),
  })
  .meta({ id: 'Limit' });

const Limits = ofEach(Limit).meta({ id: 'Limits' });
const OrganisationLimits = z.strictObject({ limits: Limits }).meta({ id: 'OrganisationLimits' });
const ProjectLimits = z
  .strictObject({
    limits: Limits,
    /** What all projects of the organisation may have together. */
    ofOrganisation: ofEach(z.int().nullable()),
  })
  .meta({ id: 'ProjectLimits' });

const number = (most: number) =>
  z.union([z.int().min(1).max(most), z.null(), z.literal('default')]).optional();
const amount = number(Number.MAX_SAFE_INTEGER);
/** What is absent stays; null takes a limit away, `default` brings the default back. */
const LimitChange = z
  .strictObject({
    ...ofEach(amount).shape,
    burstSeconds: number(3600),
    runningJobs: number(2 ** 31 - 1),
  })
  .meta({ id: 'LimitChange' });

const read = { method: 'get', query: None, body: null, errors: READ_ERRORS } as const;
const change = { method: 'patch', query: None, body: LimitChange, errors: WRITE_ERRORS } as const;
const organisation = { path: '/organisations/:organisation/limits', params: OfOrganisation } as const;
const project = { path: '/projects/:project/limits', params: OfProject } as const;

export const limitContracts = {
  readOrganisationLimits: contract({
    ...read,
    ...organisation,
    id: 'readOrganisationLimits',
    summary: 'What all projects of an organisation may have together, and what they have',
    reply: OrganisationLimits,
  }),
  changeOrganisationLimits: contract({
    ...change,
    ...organisation,
    id: 'changeOrganisationLimits',
    summary: 'Set what an organisation may have (staff)',
    reply: OrganisationLimits,
  }),
  readProjectLimits: contract({
    ...read,
    ...project,
    id: 'readProjectLimits',
    summary: 'What a project may have, and what it has',
    reply: ProjectLimits,
  }),
  changeProjectLimits: contract({
    ...change,
    ...project,
    id: 'changeProjectLimits',
    summary: 'Set what a project may have (staff)',
    reply: ProjectLimits,
  }),
};
