import { execFile } from 'node:child_process';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { UserError } from '@spiderhub/hosting';
import { CHECKOUT } from '@spiderhub/platform';

export interface PendingJob {
  project: string;
  /** A Python float as text. */
  priority: string;
  message: { name: string; _job: string; _version?: string; settings?: Record<string, string> } & Record<
    string,
    unknown
  >;
}

export interface FinishedJob {
  project: string;
  spider: string;
  job: string;
  /** Local times, `2026-11-21 07:44:29.436987`. */
  start: string;
  end: string;
}

type PendingRow = Omit<PendingJob, 'message'> & { pending: PendingJob['message'] };
type FinishedRow = Omit<FinishedJob, 'job'> & { finished: string };

const MAX_OUTPUT_BYTES = 2 ** 30;

/** What the databases of a Scrapyd hold. SQLite is read by Python, which has it. */
export async function readDatabases(
  python: string,
  folder: string,
): Promise<{ pending: PendingJob[]; finished: FinishedJob[] }> {
  await requireFolder(folder);
  const script = join(CHECKOUT, 'python/scrapyd/read_dbs.py');
  const { stdout } = await promisify(execFile)(python, ['-I', script, folder], {
    maxBuffer: MAX_OUTPUT_BYTES,
  });
  const pending: PendingJob[] = [];
  const finished: FinishedJob[] = [];
  for (const line of stdout.split('\n').filter((text) => text !== '')) {
    const row = JSON.parse(line) as PendingRow | FinishedRow;
    if ('pending' in row)
      pending.push({ project: row.project, priority: row.priority, message: row.pending });
    else finished.push({ ...row, job: row.finished });
  }
  return { pending, finished };
}

export interface EggFile {
  project: string;
  /** The name of its file, which is all that Scrapyd keeps of it. */
  version: string;
  path: string;
}

/** Eggs of all projects, oldest first. */
export async function findEggs(folder: string): Promise<EggFile[]> {
  await requireFolder(folder);
  const found: (EggFile & { changedAt: number })[] = [];
  for (const project of await folders(folder)) {
    for (const file of await readdir(join(folder, project))) {
      const path = join(folder, project, file);
      if (file.endsWith('.egg')) {
        found.push({ project, version: file.slice(0, -4), path, changedAt: (await stat(path)).mtimeMs });
      }
    }
  }
  return found.sort((a, b) => a.changedAt - b.changedAt);
}

export interface LogFile {
  project: string;
  spider: string;
  job: string;
  path: string;
  changedAt: Date;
}

/** Logs of all spiders, oldest first. */
export async function findLogs(folder: string): Promise<LogFile[]> {
  await requireFolder(folder);
  const found: LogFile[] = [];
  for (const project of await folders(folder)) {
    for (const spider of await folders(join(folder, project))) {
      for (const file of await readdir(join(folder, project, spider))) {
        const path = join(folder, project, spider, file);
        if (file.endsWith('.log')) {
          found.push({ project, spider, job: file.slice(0, -4), path, changedAt: (await stat(path)).mtime });
        }
      }
    }
  }
  return found.sort((a, b) => a.changedAt.getTime() - b.changedAt.getTime());
}

async function folders(parent: string): Promise<string[]> {
  const entries = await readdir(parent, { withFileTypes: true });
  return entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
}

/** Throws a sentence when there is no such folder. */
export async function requireFolder(path: string): Promise<void> {
  const found = await stat(path).catch(() => null);
  if (!found?.isDirectory()) throw new UserError(`${path} is no folder`);
}
