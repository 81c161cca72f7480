import type { Actor, AuditFilter, AuditLine, AuditPage, AuditScope, AuditStore } from '@spiderhub/core';
import type { Knex } from 'knex';
import type { Database } from '../database.ts';
import { translated } from '../pg-errors.ts';
import { auditRefusal } from './write.ts';

interface Row {
  id: string;
  at: Date;
  organisation_id: number | null;
  project_id: number | null;
  outcome: AuditLine['outcome'];
  times: number;
  actor_kind: Actor['kind'];
  actor: string;
  user_id: number | null;
  key_id: number | null;
  session_id: number | null;
  address: string | null;
  client: string | null;
  action: string;
  object: string;
  before: Record<string, unknown> | null;
  after: Record<string, unknown> | null;
  why: string | null;
}

/** Lines of an export that are read at a time. */
const PIECE = 500;
/** Lines of a log that one page looks at for those that a filter wants: some hundredths of a second. */
const LOOKED_AT = 20_000;

const REMOVE = `
  delete from audit_log where id in (
    select id from audit_log where at < now() - :ageMs::float8 * interval '1 ms' order by at limit :limit)`;

export function createAuditStore(database: Database): AuditStore {
  const store = translated<Omit<AuditStore, 'pages'>>({
    page: (scope, filter, before, limit) => page(database, scope, filter, before, limit),
    async saveRefusals(refusals) {
      await database.transaction(async (tx) => {
        for (const refusal of refusals) await auditRefusal(tx, refusal);
      });
    },
    removeOlder: (ageMs, limit) =>
      database.transaction(async (tx) => {
        await tx.raw("select set_config('spiderhub.clears_audit_log', 'on', true)");
        return (await tx.raw<{ rowCount: number }>(REMOVE, { ageMs, limit })).rowCount;
      }),
  });
  return {
    ...store,
    // Page by page: a slow reader holds no connection and no snapshot.
    async *pages(scope, filter) {
      for (let before: number | null = null; ; ) {
        const { lines, next }: AuditPage = await store.page(scope, filter, before, PIECE);
        if (lines.length > 0) yield lines;
        if (next === null) return;
        before = next;
      }
    },
  };
}

async function page(
  database: Database,
  scope: AuditScope,
  filter: AuditFilter,
  before: number | null,
  limit: number,
): Promise<AuditPage> {
  const log = () => {
    const query = database<Row>('audit_log').orderBy('id', 'desc');
    if (scope !== 'everything') {
      if ('project' in scope) query.where({ project_id: scope.project });
      else query.where({ organisation_id: scope.organisation });
    }
    return before === null ? query : query.where('id', '<', String(before));
  };
  const looked = log().limit(LOOKED_AT).select('*').as('looked');
  const found: Row[] = await filtered(database(looked), filter)
    .orderBy('id', 'desc')
    .limit(limit)
    .select('*');
  const lines = found.map(toLine);
  if (lines.length === limit) return { lines, next: lines.at(-1)?.id ?? null };
  const last: { id: string } | undefined = await log()
    .limit(1)
    .offset(LOOKED_AT - 1)
    .first('id');
  return { lines, next: last ? Number(last.id) : null };
}

function filtered(query: Knex.QueryBuilder, filter: AuditFilter): Knex.QueryBuilder {
  const { action, outcome, actor, user, key, since, until } = filter;
  if (action !== undefined) {
    query.where((either) =>
      either.where({ action }).orWhereRaw('starts_with(action, :kind)', { kind: `${action}.` }),
    );
  }
  if (outcome !== undefined) query.where({ outcome });
  if (actor !== undefined) query.where({ actor });
  if (user !== undefined) query.where({ user_id: user });
  if (key !== undefined) query.where({ key_id: key });
  if (since !== undefined) query.where('at', '>=', since);
  if (until !== undefined) query.where('at', '<', until);
  return query;
}

function toLine(row: Row): AuditLine {
  const { id, at, outcome, times, action, object, before, after, why } = row;
  return {
    id: Number(id),
    at,
    outcome,
    times,
    actor: {
      kind: row.actor_kind,
      name: row.actor,
      user: row.user_id,
      key: row.key_id,
      session: row.session_id,
      address: row.address,
      client: row.client,
    },
    action,
    organisation: row.organisation_id,
    project: row.project_id,
    object,
    before,
    after,
    why,
  };
}
