import { type ListedPeriodicJob, type PeriodicTask, writeRawObject } from '@spiderhub/core';
import { CRON_FIELDS } from './form.ts';

const PREVIEW = 5;

/** How many planned times an answer shows. */
export const SHOWN_RUNS = PREVIEW;

/**
 * A periodic job as JSON text: the fields of Scrapy Cloud's documented object, those of the one before it, and ours.
 * Settings keep the text that they came with.
 */
export function periodicObject(job: ListedPeriodicJob, nextRuns: Date[]): string {
  const isScript = job.tasks.every(({ spider }) => spider.startsWith('py:'));
  const fields: [string, unknown][] = [
    ['id', job.id],
    ['project', job.project],
    ['type', isScript ? 'script' : 'spider'],
    ['disabled', job.disabled],
    ['description', job.description],
    ['cron', job.cron],
    ['addtags', job.tags],
    ...cronParts(job.cron),
    ['timezone', job.timezone],
    ['overlap', job.overlap],
    ['catchup', job.catchup],
    ['jitter_seconds', job.jitterSeconds],
    ['start_at', job.startAt],
    ['end_at', job.endAt],
    ['next_runs', nextRuns],
    ['last_run', lastRun(job)],
  ];
  const texts = fields.map(([name, value]): [string, string] => [name, JSON.stringify(value)]);
  const tasks = job.tasks.map((task) => taskText(task, job.spiderNumbers[task.spider] ?? null));
  const old = job.tasks.map((task) => taskText(task));
  return writeRawObject([...texts, ['tasks', `[${tasks.join(',')}]`], ['spiders', `[${old.join(',')}]`]]);
}

/** Nothing of an expression that is not made of five fields. */
function cronParts(cron: string): [string, string][] {
  const parts = cron.split(' ');
  if (parts.length !== CRON_FIELDS.length) return [];
  return CRON_FIELDS.map((name, nth) => [name, parts[nth] ?? '*']);
}

function lastRun({ lastRun: last }: ListedPeriodicJob) {
  return last && { planned: last.plannedAt, outcome: last.outcome, reason: last.reason, jobs: last.jobs };
}

function taskText(task: PeriodicTask, number?: number | null): string {
  const { spider, priority, args, command, settings, environment, units } = task;
  return writeRawObject([
    ['name', JSON.stringify(spider)],
    ...(number === undefined ? [] : [['jobq_id', JSON.stringify(number)] as const]),
    ['priority', JSON.stringify(priority)],
    ['spider_args', JSON.stringify(args)],
    ['script_args', JSON.stringify((command ?? []).map(quoted).join(' '))],
    ...(Object.keys(settings).length > 0
      ? [['job_settings', writeRawObject(Object.entries(settings))] as const]
      : []),
    ...(Object.keys(environment).length > 0 ? [['environment', JSON.stringify(environment)] as const] : []),
    ...(units === 1 ? [] : [['units', String(units)] as const]),
  ]);
}

/** A word that a shell reads as itself. */
function quoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'"'"'`)}'`;
}
