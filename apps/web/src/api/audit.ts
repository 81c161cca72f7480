import type { organisationAudit, projectAudit, wholeAudit } from '@spiderhub/wire';
import { addressOf, operation, type ReplyOf } from './client.ts';

type OfOrganisation = typeof organisationAudit;
type OfProject = typeof projectAudit;
type Whole = typeof wholeAudit;

export type AuditPage = ReplyOf<Whole['page']>;
export type AuditLine = AuditPage['lines'][number];

/** What one looks for; what is empty is not asked for. */
export interface AuditFilter {
  action?: string | undefined;
  outcome?: 'done' | 'refused' | undefined;
  actor?: string | undefined;
  since?: string | undefined;
}

const IN_ORGANISATION = '/organisations/:organisation/audit';
const IN_PROJECT = '/projects/:project/audit';

export const readOrganisationAudit = operation<OfOrganisation['page']>(
  'readOrganisationAudit',
  'get',
  IN_ORGANISATION,
);
export const readProjectAudit = operation<OfProject['page']>('readProjectAudit', 'get', IN_PROJECT);
export const readWholeAudit = operation<Whole['page']>('readWholeAudit', 'get', '/audit');

export type AuditPlace = { organisation: number } | { project: number } | 'everything';

/** Where a browser finds all lines that match, as JSON lines. */
export function auditFile(place: AuditPlace, filter: AuditFilter): string {
  if (place === 'everything') return addressOf('/audit.jl', {}, { ...filter });
  return addressOf(`${'project' in place ? IN_PROJECT : IN_ORGANISATION}.jl`, { ...place }, { ...filter });
}
