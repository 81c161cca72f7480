import type { JobsRange, ScrapydState } from '@spiderhub/core/scrapyd';

/** The job's name in Scrapyd's words: the caller's, or the key with dashes, which is safe in paths. */
export const SCRAPYD_NAME = `coalesce(j.alias, j.project_id || '-' || j.spider || '-' || j.number)`;

/** Above any process id that Linux gives out: nobody ends a stranger's process by this number. */
export const FIRST_PID = 4_194_305;

/** Scrapyd has a file, be it empty, of every crawl that began. One that ended orderly did, and one that runs soon will. */
export const HAS_ITEMS = `(j.state = 'running' or j.items > 0 or j.exit_status is not distinct from '0')`;

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

/** `from`, `where`, `order` and `limit` of the jobs of a range; `tables` are joined to `jobs j` and spiders `s`. */
export function jobsOf(
  state: ScrapydState,
  { projects, spider }: JobsRange,
  tables: string,
  limit: string,
): string {
  const { where, order } = STATES[state];
  // Of one project the index gives the jobs in their order, also those of a spider whose number is known before they
  // are looked at; of several projects they have to be sorted.
  const isOne = projects.length === 1;
  const ofProjects = isOne ? '= (:projects::int[])[1]' : '= any(:projects::int[])';
  const ofSpider = isOne ? `and j.spider = ${SPIDER_NUMBER}` : 'and s.bare_name = :spider';
  return `
    from jobs j ${tables}
    where j.project_id ${ofProjects} and ${where} ${spider === undefined ? '' : ofSpider}
    order by ${order}
    limit ${limit} offset :offset`;
}

const SPIDER_NUMBER =
  '(select f.number from spiders f where f.project_id = (:projects::int[])[1] and f.name = :spider)';

/** What belongs to a project or a spider is written as JSON once for each of them, not for each job. */
const TABLES = `
  join (
    select sw.project_id, sw.number, sw.name as bare_name, to_json(pw.name)::text as project,
      to_json(sw.name)::text as spider
    from spiders sw join projects pw on pw.id = sw.project_id
    where sw.project_id = any(:projects::int[])
    offset 0
  ) s on s.project_id = j.project_id and s.number = j.spider
  left join job_details d on d.job_id = j.id`;

/** Between the fields of a job, and between jobs: control characters, which JSON text never has. */
const FIELD_END = '\u001f';
const JOB_END = '\u001e';

/**
 * Fields of a job in the order in which Postgres sends them, all as text, empty for null. What callers or crawls may
 * have filled with anything comes as JSON text.
 */
const FIELDS = {
  id: 'j.id',
  change: 'j.xmin',
  project: 's.project',
  spider: 's.spider',
  projectId: 'j.project_id',
  spiderNumber: 'j.spider',
  number: 'j.number',
  alias: `coalesce(to_json(j.alias)::text, '')`,
  priority: 'j.priority',
  rank: 'j.rank',
  version: `coalesce(to_json(j.version)::text, '')`,
  args: `coalesce(d.args::text, '{}')`,
  settings: `coalesce(d.settings::text, '{}')`,
  started: `coalesce((j.running_at at time zone :timeZone)::text, '')`,
  ended: `coalesce((j.finished_at at time zone :timeZone)::text, '')`,
  hasItems: HAS_ITEMS,
  closeReason: `coalesce(to_json(j.close_reason)::text, '')`,
  exitStatus: `coalesce(j.exit_status, '')`,
} as const;

/**
 * The jobs of each state in their order: numbers of the rows with their last change, as one text. One statement for all
 * states: no job is missed or seen twice on its way.
 */
export function orderSql(states: readonly ScrapydState[], range: JobsRange): string {
  const spiders = range.spider === undefined ? '' : SPIDERS;
  const texts = states.map(
    (state) => `(
      select string_agg(concat(t.id, ':', t.change), ',') from (
        select j.id, j.xmin as change ${jobsOf(state, range, spiders, `:${state}Limit`)}
      ) t
    ) as ${state}`,
  );
  return `select ${texts.join(', ')}`;
}

const SPIDERS = `
  join (select number, project_id, name as bare_name from spiders) s on s.project_id = j.project_id and s.number = j.spider`;

/**
 * What is to be written of jobs, as one text. Sending fields one by one, or whole JSON that Postgres has written, takes
 * several times as long.
 */
export const FIELDS_SQL = `
  select string_agg(concat_ws(chr(${FIELD_END.charCodeAt(0)}), ${Object.values(FIELDS).join(', ')}),
    chr(${JOB_END.charCodeAt(0)})) as jobs
  from jobs j ${TABLES}
  where j.id = any(:ids::bigint[]) and j.project_id = any(:projects::int[])`;

export function orderBindings(
  range: JobsRange,
  limits: Record<ScrapydState, number>,
): Record<string, unknown> {
  const { pending: pendingLimit, running: runningLimit, finished: finishedLimit } = limits;
  return { ...rangeBindings(range), pendingLimit, runningLimit, finishedLimit };
}

export function rangeBindings({ projects, spider, offset }: JobsRange): Record<string, unknown> {
  return { projects: [...projects], offset, ...(spider !== undefined && { spider }) };
}

/** Jobs of the text that FIELDS_SQL gives. */
export function jobsIn(text: string | null): string[] {
  return text ? text.split(JOB_END) : [];
}

/**
 * Writes a job as Python would, with its mark. Scrapyd's fields come first and in its order; the others are ours.
 */
export function writeJob(state: ScrapydState, job: string, prefix: string): { mark: string; line: string } {
  // biome-ignore format: the order is that of FIELDS
  const [
    id, change, project, spider, projectId, spiderNumber, number, alias, priority, rank, version,
    args, settings, started, ended, hasItems, closeReason, exitStatus,
  ] = job.split(FIELD_END) as string[];
  const mark = `${id}:${change}`;
  const name = alias || `"${projectId}-${spiderNumber}-${number}"`;
  const head = `{"id": ${name}, "project": ${project}, "spider": ${spider}`;
  const known = `"version": ${version || 'null'}`;
  const ours = `"priority": ${shownPriority(alias, priority, rank)}, "key": "${projectId}/${spiderNumber}/${number}"`;
  if (state === 'pending') {
    return { mark, line: `${head}, ${known}, "settings": ${settings}, "args": ${args}, ${ours}}` };
  }
  const path = `${inside(project)}/${inside(spider)}/${inside(name)}`;
  const itemsUrl = hasItems === 't' ? `"${prefix}/items/${path}.jl"` : 'null';
  const urls = `"log_url": "${prefix}/logs/${path}.log", "items_url": ${itemsUrl}`;
  const more = `${known}, "args": ${args}, "settings": ${settings}, ${ours}`;
  const start = `"start_time": "${pythonTime(started)}"`;
  if (state === 'running') {
    return { mark, line: `${head}, "pid": ${Number(id) + FIRST_PID}, ${start}, ${urls}, ${more}}` };
  }
  const outcome = `"finish_reason": ${closeReason || 'null'}, "exit_status": ${shownStatus(exitStatus)}`;
  return {
    mark,
    line: `${head}, ${start}, "end_time": "${pythonTime(ended)}", ${urls}, ${more}, ${outcome}}`,
  };
}

/** JSON text of a string without its quotes. Paths are not escaped as URLs: Scrapyd does not do it either. */
function inside(json: string | undefined): string {
  return json?.slice(1, -1) ?? '';
}

/** Scrapyd's numbers for its own jobs; ours are shifted so that 0 is the usual one. */
function shownPriority(alias: string | undefined, priority: string | undefined, rank = '0'): string {
  if (!alias) return String(Number(priority) - 2);
  return rank.endsWith('Infinity') ? `"${rank}"` : rank;
}

const SECOND_LENGTH = '2026-11-21 07:44:29'.length;

/** As Python prints a time: six digits of a second, or none when they are all zero. */
function pythonTime(time = ''): string {
  return time.length === SECOND_LENGTH ? time : time.padEnd(SECOND_LENGTH + 7, '0');
}

function shownStatus(status = ''): string {
  if (status === '') return 'null';
  return /^\d+$/.test(status) ? status : JSON.stringify(status);
}
