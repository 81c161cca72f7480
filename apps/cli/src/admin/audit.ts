import type { AuditLine, AuditScope } from '@spiderhub/core';
import { UserError } from '@spiderhub/hosting';
import { command } from './command.ts';
import { optional, toggle } from './options.ts';
import { knownName, positive, someText } from './readers.ts';

const PAGE = 100;
const MOST = 10_000;

export const AUDIT_COMMANDS = [
  command(
    'audit',
    {
      organisation: optional('NAME', knownName),
      project: optional('NUMBER', positive),
      action: optional('ACTION', someText),
      actor: optional('NAME', someText),
      refused: toggle,
      since: optional('TIME', moment),
      until: optional('TIME', moment),
      limit: optional('NUMBER', positive),
      before: optional('NUMBER', positive),
    },
    async ({ organisation, project, refused, limit = PAGE, before, ...given }, { audit, admin }) => {
      if (organisation !== undefined && project !== undefined)
        throw new UserError('The log is that of an --organisation or of a --project');
      let scope: AuditScope = project === undefined ? 'everything' : { project };
      if (organisation !== undefined) scope = { organisation: await admin.organisationNumber(organisation) };
      const filter = { ...given, ...(refused && { outcome: 'refused' as const }) };
      const lines: AuditLine[] = [];
      for (let from = before ?? null; lines.length < limit && lines.length < MOST; ) {
        const page = await audit.page(scope, filter, from, Math.min(limit, MOST) - lines.length);
        lines.push(...page.lines);
        from = page.next;
        if (from === null) break;
      }
      return lines.map(shown);
    },
  ),
];

function shown({ id, at, actor, action, object, outcome, why, before, after, ...line }: AuditLine): object {
  const { kind, name, address, client } = actor;
  const what = outcome === 'refused' ? `${line.times} x ${why}` : null;
  const { organisation, project } = line;
  return {
    id,
    at,
    who: `${kind} ${name}`,
    action,
    object,
    organisation,
    project,
    before,
    after,
    refused: what,
    address,
    client,
  };
}

function moment(flag: string, text: string): Date {
  const at = new Date(text);
  if (Number.isNaN(at.getTime()))
    throw new UserError(`${flag}: expected a time such as 2026-01-31T12:00:00Z`);
  return at;
}
