import type { JobsRange, ListingStyle, ScrapydState } from '@spiderhub/core';

/** The job's name in Scrapyd's words: the caller's, or the key with dashes, which is safe in paths. */
export const SCRAPYD_NAME = `coalesce(j.alias, j.project_id || '-' || j.spider || '-' || j.number)`;

/** Above any process id that Linux gives out: nobody ends a stranger's process by this number. */
export const FIRST_PID = 4_194_305;

const STATES: Record<ScrapydState, { where: string; order: string }> = {
  pending: {
    where: `j.state in ('pending', 'admitted')`,
    order: 'j.project_id, j.priority desc, j.rank desc, j.id',
  },
  running: { where: `j.state = 'running'`, order: 'j.running_at, j.id' },
  // What was cancelled before it was started is no job that Scrapyd would list.
  finished: {
    where: `j.state = 'finished' and j.running_at is not null`,
    order: 'j.state_since desc, j.id desc',
  },
};

/** `from`, `where`, `order` and `limit` of the jobs of a range. */
export function jobsOf({ state, spider }: JobsRange): string {
  const { where, order } = STATES[state];
  return `
    from jobs j
    join projects p on p.id = j.project_id
    join spiders s on s.project_id = j.project_id and s.number = j.spider
    left join job_details d on d.job_id = j.id
    where j.project_id = any(:projects::int[]) and ${where} ${spider === undefined ? '' : 'and s.name = :spider'}
    order by ${order}
    limit :limit offset :offset`;
}

export function orderOf(state: ScrapydState): string {
  return STATES[state].order;
}

/** The text of a field: `, "name": value`, in the way Python writes it. */
function field(name: string, sql: string): string {
  return `', "${name}": ' || ${sql}`;
}

function text(sql: string): string {
  return `to_json(${sql})::text`;
}

function textOrNull(sql: string): string {
  return `coalesce(to_json(${sql})::text, 'null')`;
}

/** As Python prints a local time: microseconds are left out when they are exactly zero. */
function time(column: string): string {
  return `'"' || replace(to_char(${column} at time zone :timeZone, :timeFormat), '.000000', '') || '"'`;
}

const PATH = `p.name || '/' || s.name || '/' || ${SCRAPYD_NAME}`;
const LOG_URL = text(`:prefix || '/logs/' || ${PATH} || '.log'`);
const ITEMS_URL = `case when j.items > 0 then ${text(`:prefix || '/items/' || ${PATH} || '.jl'`)} else 'null' end`;
const ARGS = `coalesce(d.args::text, '{}')`;
const SETTINGS = `coalesce(d.settings::text, '{}')`;
// Scrapyd's numbers for its own jobs; ours are shifted so that 0 is the usual one.
const PRIORITY = `case when j.alias is null then (j.priority - 2)::text
  when j.rank in ('Infinity', '-Infinity') then '"' || j.rank || '"' else j.rank::text end`;
const KEY = `'"' || j.project_id || '/' || j.spider || '/' || j.number || '"'`;
const EXIT_STATUS = `case when j.exit_status ~ '^[0-9]+$' then j.exit_status else ${textOrNull('j.exit_status')} end`;

const HEAD = [
  `'{"id": ' || ${text(SCRAPYD_NAME)}`,
  field('project', text('p.name')),
  field('spider', text('s.name')),
];
const MORE = [field('version', textOrNull('j.version')), field('args', ARGS), field('settings', SETTINGS)];
const OURS = [field('priority', PRIORITY), field('key', KEY), field('tags', text('j.tags'))];
const COUNTS = [field('items', 'j.items'), field('pages', 'j.pages'), field('errors', 'j.errors')];

/** Scrapyd's fields come first and in its order; the others are ours. */
const FIELDS: Record<ScrapydState, string[]> = {
  pending: [
    ...HEAD,
    field('version', textOrNull('j.version')),
    field('settings', SETTINGS),
    field('args', ARGS),
    ...OURS,
  ],
  running: [
    ...HEAD,
    field('pid', `(j.id + ${FIRST_PID})`),
    field('start_time', time('j.running_at')),
    field('log_url', LOG_URL),
    field('items_url', ITEMS_URL),
    ...MORE,
    ...OURS,
    ...COUNTS,
  ],
  finished: [
    ...HEAD,
    field('start_time', time('j.running_at')),
    field('end_time', time('j.finished_at')),
    field('log_url', LOG_URL),
    field('items_url', ITEMS_URL),
    ...MORE,
    ...OURS,
    ...COUNTS,
    field('finish_reason', textOrNull('j.close_reason')),
    field('exit_status', EXIT_STATUS),
  ],
};

/** Jobs joined into one piece of text. */
const JOBS_PER_PIECE = 500;

/**
 * Postgres writes the text itself and joins it by the hundreds, so that ten thousand jobs are twenty rows for us and
 * nobody else waits while they pass.
 */
export function listingSql(range: JobsRange): string {
  return `
    select string_agg(t.line, ', ' order by t.n) as piece
    from (
      select ${FIELDS[range.state].join(' || ')} || '}' as line, row_number() over (order by ${orderOf(range.state)}) as n
      ${jobsOf(range)}
    ) t
    group by (t.n - 1) / ${JOBS_PER_PIECE}
    order by (t.n - 1) / ${JOBS_PER_PIECE}`;
}

export function listingBindings(range: JobsRange, style: ListingStyle): Record<string, unknown> {
  return { ...rangeBindings(range), ...style, timeFormat: 'YYYY-MM-DD HH24:MI:SS.US' };
}

export function rangeBindings({ projects, spider, offset, limit }: JobsRange): Record<string, unknown> {
  return { projects: [...projects], offset, limit, ...(spider !== undefined && { spider }) };
}
