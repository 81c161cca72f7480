import type { AuditFilter, AuditLine, AuditScope, Caller } from '@spiderhub/core';
import { AUDIT_LINES, organisationAudit, projectAudit, wholeAudit } from '@spiderhub/wire';
import type { Operation } from '../../../http/operation.ts';
import { StreamReply } from '../../../http/stream.ts';
import type { Parts } from '../../../parts.ts';
import { served } from '../served.ts';

const PAGE = 100;

interface Reading<P> {
  action: 'audit.read' | 'audit.everywhere';
  /** Asks the door, and says which log is read. */
  scopeFor(caller: Caller, params: P): Promise<AuditScope>;
}

const OF_ORGANISATION: Reading<{ organisation: number }> = {
  action: 'audit.read',
  async scopeFor(caller, params) {
    await caller.mayIn(params.organisation);
    return params;
  },
};
const OF_PROJECT: Reading<{ project: number }> = {
  action: 'audit.read',
  async scopeFor(caller, params) {
    await caller.may(params.project);
    return params;
  },
};
const OF_ALL: Reading<unknown> = {
  action: 'audit.everywhere',
  async scopeFor(caller) {
    caller.mayAnywhere();
    return 'everything';
  },
};

/** The audit log: of organisations and projects for their admins, all of it for staff. Nothing here changes a line. */
export function auditOperations(parts: Parts): Operation[] {
  return [
    ...operationsOf(parts, organisationAudit, OF_ORGANISATION),
    ...operationsOf(parts, projectAudit as never, OF_PROJECT),
    ...operationsOf(parts, wholeAudit as never, OF_ALL),
  ];
}

function operationsOf<P>(
  { audit }: Parts,
  contracts: typeof organisationAudit,
  { action, scopeFor }: Reading<P>,
): Operation[] {
  return [
    served(
      contracts.page,
      action,
    )(async ({ caller, params, query }) => {
      const scope = await scopeFor(caller, params as P);
      const { before = null, limit = PAGE, ...filter } = query;
      const { lines, next } = await audit.page(scope, filterOf(filter), before, limit);
      return { lines: lines.map(view), next };
    }),
    served(
      contracts.lines,
      action,
    )(async ({ caller, params, query }) => {
      const scope = await scopeFor(caller, params as P);
      return new StreamReply(AUDIT_LINES, texts(audit.pages(scope, filterOf(query))));
    }),
  ];
}

async function* texts(pages: AsyncIterable<AuditLine[]>): AsyncGenerator<string> {
  for await (const page of pages) yield page.map((line) => `${JSON.stringify(view(line))}\n`).join('');
}

function view({ at, ...line }: AuditLine) {
  return { ...line, at: at.toISOString() };
}

interface Query extends Omit<AuditFilter, 'since' | 'until'> {
  since?: string | undefined;
  until?: string | undefined;
}

function filterOf({ since, until, ...filter }: Query): AuditFilter {
  return {
    ...filter,
    ...(since !== undefined && { since: new Date(since) }),
    ...(until !== undefined && { until: new Date(until) }),
  };
}
