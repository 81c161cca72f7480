import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import {
  type Deploy,
  DomainError,
  type Jobs,
  type ScheduleRequest,
  type StreamStore,
  service,
  type VersionStore,
} from '@spiderhub/core';
import {
  type ScrapydImportStore,
  type ScrapydStore,
  type ScrapydView,
  scrapydOrder,
} from '@spiderhub/core/scrapyd';
import { createLogReader, type LogReader } from './log-records.ts';
import {
  type EggFile,
  type FinishedJob,
  findEggs,
  findLogs,
  type LogFile,
  type PendingJob,
  readDatabases,
} from './read-scrapyd.ts';

export interface ImportParts {
  /** Number of the organisation that gets it all. */
  organisation: number;
  python: string;
  deploy: Deploy;
  versions: VersionStore;
  store: ScrapydStore;
  imports: ScrapydImportStore;
  view: ScrapydView;
  jobs: Jobs;
  streams: StreamStore;
  /** Tells a person what goes on. */
  say(line: string): void;
}

export interface ImportFolders {
  dbs: string;
  eggs: string;
  logs: string;
}

export interface Imported {
  versions: number;
  pending: number;
  finished: number;
  logs: number;
  /** What was there already, or could not be brought over; each was said. */
  skipped: number;
}

/** Who scheduled what was brought over. */
const BY = 'scrapyd';

/**
 * Brings over what a Scrapyd knows: projects and versions from its eggs, pending jobs and finished ones from its
 * databases, and finished jobs that only their log tells of. Doing it again adds what is new.
 */
export async function importScrapyd(parts: ImportParts, folders: ImportFolders): Promise<Imported> {
  const { pending, finished } = await readDatabases(parts.python, folders.dbs);
  const eggs = await findEggs(folders.eggs);
  const logs = await findLogs(folders.logs);
  const projects = createProjects(parts);
  const count: Imported = { versions: 0, pending: 0, finished: 0, logs: 0, skipped: 0 };

  async function tally(key: keyof Imported, what: string, work: () => Promise<boolean>): Promise<boolean> {
    const done = await work().catch((error: unknown) => {
      if (!(error instanceof DomainError)) throw error;
      parts.say(`${what}: ${error.message}`);
      return false;
    });
    count[done ? key : 'skipped'] += 1;
    return done;
  }

  for (const egg of eggs) {
    await tally('versions', `egg ${egg.path}`, () => addVersion(parts, projects, egg));
  }
  for (const name of new Set(eggs.map((egg) => egg.project)))
    await parts.store.chooseLatest(service(BY), await projects.id(name));
  const ended = endedJobs(finished, logs);
  for (const job of ended) {
    const added = await tally('finished', `job ${job.job}`, () => addFinished(parts, projects, job));
    if (added && job.log) count.logs += 1;
  }
  for (const job of pending) {
    await tally('pending', `job ${job.message._job}`, () => addPending(parts, projects, job));
  }
  return count;
}

interface Projects {
  id(name: string): Promise<number>;
}

function createProjects({ store, organisation }: ImportParts): Projects {
  const known = new Map<string, Promise<number>>();
  return {
    id(name) {
      const id = known.get(name) ?? store.ensureProject(service(BY), organisation, name);
      known.set(name, id);
      return id;
    },
  };
}

async function addVersion(
  { deploy, versions, say }: ImportParts,
  projects: Projects,
  egg: EggFile,
): Promise<boolean> {
  const project = await projects.id(egg.project);
  if (await versions.find(project, egg.version)) return false;
  say(`egg ${egg.path}`);
  await deploy.deploy(
    {
      project,
      version: egg.version,
      eggPath: egg.path,
      extraEggPaths: [],
      requirements: null,
      stack: null,
      deployedBy: service(BY),
    },
    () => {},
  );
  return true;
}

interface EndedJob extends FinishedJob {
  log: LogFile | null;
}

/** Finished jobs with their logs, and logs of jobs that Scrapyd has forgotten. The oldest first. */
function endedJobs(finished: readonly FinishedJob[], logs: readonly LogFile[]): EndedJob[] {
  const left = new Map(logs.map((log) => [`${log.project}/${log.spider}/${log.job}`, log]));
  const jobs = finished.map((job): EndedJob => {
    const path = `${job.project}/${job.spider}/${job.job}`;
    const log = left.get(path) ?? null;
    left.delete(path);
    return { ...job, log };
  });
  const forgotten = [...left.values()].map((log): EndedJob => ({ ...log, start: '', end: '', log }));
  return [...forgotten, ...jobs];
}

async function addFinished(parts: ImportParts, projects: Projects, job: EndedJob): Promise<boolean> {
  const project = await projects.id(job.project);
  if (job.job === '' || (await parts.view.state([project], { alias: job.job, key: null }))) return false;
  const log = job.log && (await readLog(job.log));
  await parts.versions.spiderNumber(project, job.spider, 'listed');
  const added = await parts.imports.addEnded(
    {
      project,
      spider: job.spider,
      alias: job.job,
      startedAt: localTime(job.start) ?? log?.reader.firstAt ?? job.log?.changedAt ?? new Date(),
      endedAt: localTime(job.end) ?? log?.reader.lastAt ?? job.log?.changedAt ?? new Date(),
      closeReason: log?.reader.closeReason ?? null,
      logs: log?.reader.records ?? 0,
      errors: log?.reader.errors ?? 0,
    },
    BY,
  );
  if (!added) return false;
  if (log) await storeLog(parts, { project, spider: added.spider, job: added.job }, job.log as LogFile);
  return true;
}

/** Python's `str(datetime)` of a server in our time zone. */
function localTime(text: string): Date | null {
  const parsed = new Date(text.replace(' ', 'T'));
  return text === '' || Number.isNaN(parsed.getTime()) ? null : parsed;
}

/** Reads a log for what it says of its job; its records are thrown away. */
async function readLog(log: LogFile): Promise<{ reader: LogReader }> {
  const reader = createLogReader(log.changedAt);
  for await (const _ of recordsOf(log, reader));
  return { reader };
}

const LINES_AT_ONCE = 1000;

async function* recordsOf(log: LogFile, reader: LogReader): AsyncGenerator<Buffer[]> {
  let lines = 0;
  for await (const line of createInterface({ input: createReadStream(log.path), crlfDelay: Infinity })) {
    reader.line(line);
    lines += 1;
    if (lines % LINES_AT_ONCE === 0) yield reader.take();
  }
  reader.end();
  yield reader.take();
}

async function storeLog(
  { streams }: ImportParts,
  key: { project: number; spider: number; job: number },
  log: LogFile,
): Promise<void> {
  const writer = await streams.openWriter({ key, attempt: 1, stream: 'logs' });
  for await (const records of recordsOf(log, createLogReader(log.changedAt))) {
    writer.append(records);
    await writer.flush();
  }
  await writer.seal();
}

async function addPending(
  parts: ImportParts,
  projects: Projects,
  { project: name, priority, message }: PendingJob,
): Promise<boolean> {
  const { name: spider, _job: job, _version: version, settings = {}, ...rest } = message;
  const project = await projects.id(name);
  if (!job || (await parts.view.state([project], { alias: job, key: null }))) return false;
  await parts.versions.spiderNumber(project, spider, 'listed');
  const request: ScheduleRequest = {
    project,
    spider,
    args: Object.fromEntries(Object.entries(rest).map(([key, value]) => [key, String(value)])),
    tags: [],
    units: 1,
    settings: Object.fromEntries(
      Object.entries(settings).map(([key, value]) => [key, JSON.stringify(value)]),
    ),
    environment: {},
    command: null,
    meta: {},
    version: version ? await deployedName(parts, project, version) : null,
    state: 'pending',
    external: false,
    uniqueKey: null,
    idempotencyKey: null,
    scheduledBy: BY,
    actor: service(BY),
    requestId: null,
    alias: job,
    internalArgs: { _job: job, ...(version && { _version: version }) },
    ...scrapydOrder(Number(priority.replace('inf', 'Infinity'))),
  };
  await parts.jobs.schedule(request);
  return true;
}

/** Eggs are known by the names of their files. */
async function deployedName({ versions }: ImportParts, project: number, asked: string): Promise<string> {
  const fileName = asked.replace(/[^A-Za-z0-9_-]/gu, '_');
  const exact = await versions.find(project, asked);
  return exact || !(await versions.find(project, fileName)) ? asked : fileName;
}
