import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import {
  formatJobKey,
  type JobKey,
  type JobView,
  jobErrors,
  LOG_LEVELS,
  type LogLevelName,
  logLevelName,
  readJobKey,
  type StreamStore,
} from '@spiderhub/core';
import { UserError } from '@spiderhub/hosting';

export const TAIL_USAGE = 'tail PROJECT/SPIDER/JOB [--level LEVEL]';

const LOOK_MS = 500;

export interface TailRequest {
  key: JobKey;
  /** Least level of lines. */
  level: number;
}

/** Reads a command line. Throws a UserError when it is none. */
export function readTail(args: readonly string[]): TailRequest {
  const { values, positionals } = parsed(args);
  const key = positionals.length === 1 ? readJobKey(positionals[0] as string) : null;
  if (!key) throw new UserError(`npm run admin -- ${TAIL_USAGE}`);
  const word = (values.level ?? 'DEBUG').toUpperCase();
  const level = LOG_LEVELS[word as LogLevelName] as number | undefined;
  if (level === undefined)
    throw new UserError(`--level: expected one of ${Object.keys(LOG_LEVELS).join(', ')}`);
  return { key, level };
}

function parsed(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: { level: { type: 'string' } },
      allowPositionals: true,
    });
  } catch (error) {
    throw new UserError(`${(error as Error).message}\n\nnpm run admin -- ${TAIL_USAGE}`);
  }
}

export interface TailParts {
  jobs: Pick<JobView, 'find'>;
  streams: Pick<StreamStore, 'read' | 'mark'>;
  write: (text: string) => void;
}

/** Writes a job's log as it comes, attempt by attempt, until the job is over. Throws `not_found`. */
export async function tail({ key, level }: TailRequest, { jobs, streams, write }: TailParts): Promise<void> {
  let attempt = -1;
  let next = 0;
  let mark = '';

  async function more(): Promise<void> {
    const ref = { key, attempt, stream: 'logs' } as const;
    const now = await streams.mark(ref);
    if (now === mark) return;
    for await (const { first, ts, lines } of streams.read(ref, { from: next })) {
      for (const line of lines) write(lineText(line, ts, level));
      next = first + lines.length;
    }
    mark = now;
  }

  for (;;) {
    const job = await jobs.find(key);
    if (!job) throw jobErrors.notFound(formatJobKey(key));
    if (job.attempt !== attempt) {
      if (attempt > 0) {
        // Its last lines came behind the last look.
        await more();
        write(`-- attempt ${job.attempt} --\n`);
      }
      attempt = job.attempt;
      next = 0;
      mark = '';
    }
    await more();
    // It was over before its log was read to the end.
    if (job.state === 'finished' || job.state === 'deleted')
      return write(`-- ${job.state}: ${job.closeReason ?? '-'} --\n`);
    await delay(LOOK_MS);
  }
}

function lineText(line: Buffer, arrivedAt: number, least: number): string {
  const record = readLine(line);
  const level = typeof record.level === 'number' ? record.level : LOG_LEVELS.INFO;
  if (level < least) return '';
  const time = new Date(typeof record.time === 'number' ? record.time : arrivedAt);
  const shown = Number.isNaN(time.getTime()) ? '-' : time.toISOString().slice(0, 19);
  return `${shown} ${logLevelName(level) ?? level} ${forTerminal(textOf(record.message))}\n`;
}

function textOf(message: unknown): string {
  return typeof message === 'string' ? message : JSON.stringify(message ?? '');
}

function readLine(line: Buffer): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(line.toString('utf8'));
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return { message: line.toString('utf8') };
  }
}

/** A crawl's words must not move the cursor or name the window of whoever looks on. */
function forTerminal(text: string): string {
  return text.replaceAll(/[^\P{Cc}\t\n]/gu, '\ufffd');
}
