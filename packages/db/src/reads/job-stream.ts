import { promisify } from 'node:util';
import type { JobFilter, JobState, ListedJob, PageRequest } from '@spiderhub/core';
import type { Database } from '../database.ts';
import { JOB_TABLES } from '../jobs/rows.ts';
import { fromPostgres } from '../pg-errors.ts';
import { countJobs } from './count-sql.ts';
import { type After, NEWEST_FIRST, pageSql } from './page-sql.ts';

const immediately = promisify(setImmediate);

/** The first statement reads few jobs, so that the first line comes at once. */
const FIRST_PAGE = 200;
/**
 * The text of a page stays below 128 KiB: V8 puts longer ones where only a full garbage collection finds them, and the
 * process grows by a hundred megabytes meanwhile.
 */
const PAGE = 500;
/** Jobs of a tag may have to be collected and sorted for each page. */
const TAGGED_PAGE = 5000;
/** Jobs that are handed on before others have their turn. */
const JOBS_PER_PIECE = 200;

/** Between the fields of a job, and between jobs. */
const FIELD_END = '\u001f';
const JOB_END = '\u001e';

/** Null has no mark: a text that may be null begins with one. */
const optional = (column: string) => `coalesce(':' || ${column}, '')`;

/** Fields of a job in the order in which they are read, none of them null. Times are seconds since 1970. */
const FIELDS = {
  spider: 'j.spider',
  number: 'j.number',
  state: 'j.state',
  priority: 'j.priority',
  items: 'coalesce(l.items, j.items)',
  pages: 'coalesce(l.pages, j.pages)',
  logs: 'coalesce(l.logs, j.logs)',
  errors: 'coalesce(l.errors, j.errors)',
  tags: 'array_to_json(j.tags)',
  args: `coalesce(d.args::text, '{}')`,
  version: optional('j.version'),
  closeReason: optional('j.close_reason'),
  since: `date_part('epoch', j.state_since)`,
  running: `coalesce(date_part('epoch', j.running_at)::text, '')`,
} as const;
const FIELD_LIST = Object.values(FIELDS);

/** A page as one text: sending fields one by one takes several times as long. */
const JOINED = `string_agg(fields, chr(${JOB_END.charCodeAt(0)}))`;
const JOINED_FIELDS = `concat_ws(chr(${FIELD_END.charCodeAt(0)}), ${FIELD_LIST.join(', ')})`;

/** The same as JSON, for pages in which a text holds what goes between fields or jobs. */
const AS_JSON = `json_agg(fields)::text`;
const JSON_FIELDS = `json_build_array(${FIELD_LIST.map((field) => `(${field})::text`).join(', ')})`;

interface PageRow {
  jobs: string | null;
  count: number;
  last_since: string | null;
  last_id: string | null;
}

/**
 * All jobs of a filter. They are read page by page behind the last one, each page while the one before it is handed on, so
 * two pages are in memory, however slowly they are taken.
 */
export async function streamJobs(
  database: Database,
  filter: JobFilter,
  { count = Number.POSITIVE_INFINITY, offset = 0 }: Partial<PageRequest>,
): Promise<{ total: number; jobs: AsyncGenerator<ListedJob[]> }> {
  // One snapshot for the total and all pages; the transaction ends with the iteration, however that ends.
  const tx = await database.transaction({ isolationLevel: 'repeatable read', readOnly: true });
  try {
    const total = await countJobs(tx, filter);
    return { total, jobs: jobsOf(tx, filter, Math.max(0, Math.min(count, total - offset)), offset) };
  } catch (error) {
    await tx.rollback();
    throw fromPostgres(error);
  }
}

async function* jobsOf(
  tx: Database & { rollback(): unknown },
  filter: JobFilter,
  count: number,
  offset: number,
): AsyncGenerator<ListedJob[]> {
  let coming: Promise<ListedJob[]> | null = null;
  let left = count;
  let after: After | null = null;
  const names = new Map<number, string>();

  async function read(most: number): Promise<ListedJob[]> {
    const size = Math.min(left, most);
    if (size === 0) return [];
    if (names.size === 0) await readNames(tx, filter.project, names);
    const page = { count: size, offset: after ? 0 : offset, after };
    const found = await readPage(tx, filter, page);
    after = found.after;
    left = after ? left - found.rows.length : 0;
    return found.rows.map((row) => toListedJob(filter.project, names, row));
  }

  try {
    coming = read(FIRST_PAGE);
    for (;;) {
      const jobs: ListedJob[] = await coming;
      if (jobs.length === 0) return;
      coming = read(filter.hasTag ? TAGGED_PAGE : PAGE);
      // It is looked at when its turn comes.
      coming.catch(() => {});
      for (let at = 0; at < jobs.length; at += JOBS_PER_PIECE) {
        yield jobs.slice(at, at + JOBS_PER_PIECE);
        await immediately();
      }
    }
  } catch (error) {
    throw fromPostgres(error);
  } finally {
    await coming?.catch(() => {});
    await tx.rollback();
  }
}

async function readNames(tx: Database, project: number, names: Map<number, string>): Promise<void> {
  const found = await tx.raw<{ rows: { number: number; name: string }[] }>(
    'select number, name from spiders where project_id = :project',
    { project },
  );
  for (const { number, name } of found.rows) names.set(number, name);
}

async function readPage(
  tx: Database,
  filter: JobFilter,
  page: { count: number; offset: number; after: After | null },
): Promise<{ rows: string[][]; after: After | null }> {
  const { sql, bindings } = pageSql(filter, page);
  const select = async (joined: string, fields: string): Promise<PageRow> => {
    const { rows } = await tx.raw<{ rows: [PageRow] }>(
      `select ${joined} as jobs, count(*)::int as count, (array_agg(since))[count(*)::int]::text as last_since,
        (array_agg(id))[count(*)::int] as last_id
      from (
        select j.id, j.state_since as since, ${fields} as fields
        from ${JOB_TABLES} where j.id = any(array(${sql})) ${NEWEST_FIRST}
      ) page`,
      bindings as never,
    );
    return rows[0];
  };
  const found = await select(JOINED, JOINED_FIELDS);
  const rows = split(found) ?? (JSON.parse((await select(AS_JSON, JSON_FIELDS)).jobs ?? '[]') as string[][]);
  return {
    rows,
    after: found.last_since && found.last_id ? { since: found.last_since, id: found.last_id } : null,
  };
}

/** Null when some text holds what goes between fields or jobs: then there are more of them than there can be. */
function split({ jobs, count }: PageRow): string[][] | null {
  const rows = jobs?.split(JOB_END).map((row) => row.split(FIELD_END)) ?? [];
  return rows.length === count && rows.every((row) => row.length === FIELD_LIST.length) ? rows : null;
}

function toListedJob(project: number, names: ReadonlyMap<number, string>, row: string[]): ListedJob {
  // biome-ignore format: the order is that of FIELDS
  const [
    spider, number, state, priority, items, pages, logs, errors, tags, args, version, closeReason, since, running,
  ] = row as [string, string, string, string, string, string, string, string, string, string, string, string, string, string];
  const key = { project, spider: Number(spider), job: Number(number) };
  return {
    key,
    spiderName: names.get(key.spider) ?? '',
    state: (state === 'admitted' ? 'pending' : state) as JobState,
    priority,
    items,
    pages,
    logs,
    errors,
    tags,
    args,
    version: version === '' ? null : version.slice(1),
    closeReason: closeReason === '' ? null : closeReason.slice(1),
    stateSince: toMs(since),
    runningAt: running === '' ? null : toMs(running),
  };
}

/** Cut to a millisecond, as dates from Postgres are. A double holds microseconds exactly, but not their product. */
function toMs(seconds: string): number {
  return Math.floor(Math.round(Number(seconds) * 1e6) / 1e3);
}
