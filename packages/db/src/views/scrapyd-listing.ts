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

/** `from`, `where`, `order` and `limit` of the jobs of a range; `more` joins further tables. */
export function jobsOf(state: ScrapydState, { spider }: JobsRange, more = ''): string {
  const { where, order } = STATES[state];
  return `
    from jobs j
    join projects p on p.id = j.project_id
    join spiders s on s.project_id = j.project_id and s.number = j.spider
    ${more}
    where j.project_id = any(:projects::int[]) and ${where} ${spider === undefined ? '' : 'and s.name = :spider'}
    order by ${order}
    limit :limit offset :offset`;
}

/** One field of a job's text: its name and SQL for its JSON text. */
type Field = readonly [name: string, sql: string];

function textOrNull(sql: string): string {
  return `coalesce(to_json(${sql})::text, 'null')`;
}

/** As Python prints a time: six digits of a second, or none when they are all zero. */
function time(column: string): string {
  return `'"', case when length(${column}) = 19 then ${column} else rpad(${column}, 26, '0') end, '"'`;
}

/** The name without its quotes, to be put into a path. Paths are not escaped as URLs: Scrapyd does not do it either. */
const BARE_NAME = 'substr(r.name, 2, length(r.name) - 2)';
const ID: Field = ['id', 'r.name'];
const PROJECT: Field = ['project', 'r.project'];
const SPIDER: Field = ['spider', 'r.spider'];
const VERSION: Field = ['version', textOrNull('r.version')];
const SETTINGS: Field = ['settings', `coalesce(r.settings, '{}')`];
const ARGS: Field = ['args', `coalesce(r.args, '{}')`];
const PID: Field = ['pid', `r.id + ${FIRST_PID}`];
const START: Field = ['start_time', time('r.started')];
const END: Field = ['end_time', time('r.ended')];
const LOG_URL: Field = ['log_url', `'"', :prefix::text, '/logs/', r.path, ${BARE_NAME}, '.log"'`];
const ITEMS_PATH = `'"', :prefix::text, '/items/', r.path, ${BARE_NAME}, '.jl"'`;
// How many items a running job has is known only now and then.
const ITEMS_SO_FAR: Field = ['items_url', ITEMS_PATH];
const ITEMS_URL: Field = ['items_url', `case when r.items > 0 then concat(${ITEMS_PATH}) else 'null' end`];
const OURS: readonly Field[] = [
  // Scrapyd's numbers for its own jobs; ours are shifted so that 0 is the usual one.
  [
    'priority',
    `case when r.alias is null then (r.priority - 2)::text
      when r.rank in ('Infinity', '-Infinity') then concat('"', r.rank, '"') else r.rank::text end`,
  ],
  ['key', `'"', r.project_id, '/', r.spider_number, '/', r.number, '"'`],
  ['tags', `case when r.tags = '{}' then '[]' else to_json(r.tags)::text end`],
];
const COUNTS: readonly Field[] = [
  ['items', 'r.items'],
  ['pages', 'r.pages'],
  ['errors', 'r.errors'],
];
const OUTCOME: readonly Field[] = [
  ['finish_reason', textOrNull('r.close_reason')],
  [
    'exit_status',
    `case when r.exit_status ~ '^[0-9]+$' then r.exit_status else ${textOrNull('r.exit_status')} end`,
  ],
];

/** Scrapyd's fields come first and in its order; the others are ours. */
const FIELDS: Record<ScrapydState, readonly Field[]> = {
  pending: [ID, PROJECT, SPIDER, VERSION, SETTINGS, ARGS, ...OURS],
  running: [
    ID,
    PROJECT,
    SPIDER,
    PID,
    START,
    LOG_URL,
    ITEMS_SO_FAR,
    VERSION,
    ARGS,
    SETTINGS,
    ...OURS,
    ...COUNTS,
  ],
  finished: [
    ...[ID, PROJECT, SPIDER, START, END, LOG_URL, ITEMS_URL, VERSION, ARGS, SETTINGS],
    ...[...OURS, ...COUNTS, ...OUTCOME],
  ],
};

/** A job's text, in the way Python writes it. */
function line(state: ScrapydState): string {
  const fields = FIELDS[state].map(([name, sql], i) => `'${i === 0 ? '{' : ', '}"${name}": ', ${sql}`);
  return `concat(${fields.join(', ')}, '}')`;
}

/** What a line is made of. What belongs to a project or a spider is written as JSON once for each of them. */
function row(state: ScrapydState): string {
  return `j.id, j.project_id, j.spider as spider_number, j.number, j.alias, j.rank, j.priority, j.version, j.tags,
    j.items, j.pages, j.errors, j.close_reason, j.exit_status, to_json(${SCRAPYD_NAME})::text as name,
    w.project, w.spider, w.path, d.args::text as args, d.settings::text as settings,
    (j.running_at at time zone :timeZone)::text as started,
    (j.finished_at at time zone :timeZone)::text as ended,
    row_number() over (order by ${STATES[state].order}) as n`;
}

const WRITTEN = `
  join (
    select sw.project_id, sw.number, to_json(pw.name)::text as project, to_json(sw.name)::text as spider,
      rtrim(substr(to_json(concat(pw.name, '/', sw.name, '/'))::text, 2), '"') as path
    from spiders sw join projects pw on pw.id = sw.project_id
    where sw.project_id = any(:projects::int[])
    offset 0
  ) w on w.project_id = j.project_id and w.number = j.spider
  left join job_details d on d.job_id = j.id`;

/** Jobs joined into one piece of text. */
const JOBS_PER_PIECE = 500;

/**
 * Postgres writes the text itself and joins it by the hundreds, so that ten thousand jobs are twenty rows for us and
 * nobody else waits while they pass.
 */
export function listingSql(state: ScrapydState, range: JobsRange): string {
  return `
    select string_agg(${line(state)}, ', ') as piece
    from (
      select *, (n - 1) / ${JOBS_PER_PIECE} as page
      from (select ${row(state)} ${jobsOf(state, range, WRITTEN)}) numbered
      order by page, n
    ) r
    group by r.page
    order by r.page`;
}

export function listingBindings(
  range: JobsRange,
  limit: number,
  style: ListingStyle,
): Record<string, unknown> {
  // The prefix goes into JSON text as it is.
  return { ...rangeBindings(range, limit), ...style, prefix: JSON.stringify(style.prefix).slice(1, -1) };
}

export function rangeBindings(
  { projects, spider, offset }: JobsRange,
  limit: number,
): Record<string, unknown> {
  return { projects: [...projects], offset, limit, ...(spider !== undefined && { spider }) };
}
