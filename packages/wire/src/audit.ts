import { z } from 'zod';
import { contract } from './contract.ts';
import { READ_ERRORS } from './errors.ts';
import { Id, None, OfOrganisation, OfProject, PathNumber, Time } from './fields.ts';

const MOST = 1000;
export const AUDIT_LINES = 'application/x-ndjson';

const Changed = z.record(z.string(), z.unknown()).nullable();

export const AuditLine = z
  .strictObject({
    id: Id,
    at: Time,
    outcome: z.enum(['done', 'refused']),
    /** How often it was refused, within a minute. */
    times: Id,
    actor: z.strictObject({
      /**
       * `user`: who is signed in; `key`: of a user or a project; `staff`: a key of staff, or a user of it; `job`: a crawl; `scrapyd`: a user
       * or a network of Scrapyd's API; `nobody`: without good credentials; `command`: `npm run admin`; `service`: ourselves.
       */
      kind: z.enum(['user', 'key', 'staff', 'job', 'scrapyd', 'nobody', 'command', 'service']),
      name: z.string(),
      user: Id.nullable(),
      key: Id.nullable(),
      session: Id.nullable(),
      address: z.string().nullable(),
      client: z.string().nullable(),
    }),
    /** What changed, or what was asked for. */
    action: z.string(),
    organisation: Id.nullable(),
    project: Id.nullable(),
    object: z.string(),
    /** What it was, of what changed; without secrets. */
    before: Changed,
    after: Changed,
    /** Why it was refused. */
    why: z.string().nullable(),
  })
  .meta({ id: 'AuditLine' });

const Filter = z.strictObject({
  /** Only this action, or those that begin with it and a dot. */
  action: z.string().min(1).optional(),
  outcome: z.enum(['done', 'refused']).optional(),
  /** Only by who is called so. */
  actor: z.string().min(1).optional(),
  user: PathNumber.optional(),
  key: PathNumber.optional(),
  since: Time.optional(),
  until: Time.optional(),
});
const Page = Filter.extend({
  /** Only lines with smaller numbers: `next` of the page before. */
  before: PathNumber.optional(),
  limit: PathNumber.refine((limit) => limit <= MOST, `expected at most ${MOST}`)
    .meta({ wholeNumber: true })
    .optional(),
});

const AuditPage = z
  .strictObject({
    lines: z.array(AuditLine),
    /** For `before` of the next page; null at the end. A page with a filter may have fewer lines than there are, or none. */
    next: Id.nullable(),
  })
  .meta({ id: 'AuditPage' });

function contractsOf<P extends z.ZodObject>(name: string, path: string, of: string, params: P) {
  const shared = { method: 'get', params, body: null, errors: READ_ERRORS } as const;
  return {
    page: contract({
      ...shared,
      id: `read${name}Audit`,
      path: `${path}/audit`,
      summary: `Who changed what ${of}, and who was refused; the newest first`,
      query: Page,
      reply: AuditPage,
    }),
    lines: contract({
      ...shared,
      id: `export${name}Audit`,
      path: `${path}/audit.jl`,
      summary: `The same as JSON lines, all of them`,
      query: Filter,
      reply: AuditLine,
      media: AUDIT_LINES,
    }),
  };
}

export const organisationAudit = contractsOf(
  'Organisation',
  '/organisations/:organisation',
  'in an organisation',
  OfOrganisation,
);
export const projectAudit = contractsOf('Project', '/projects/:project', 'in a project', OfProject);
export const wholeAudit = contractsOf('Whole', '', 'in the whole installation (staff)', None);
