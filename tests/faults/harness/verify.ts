import { readdirSync, readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import type { JobKey, StreamStore } from '@spiderhub/core';
import type { Database } from '@spiderhub/db';
import { eventually } from '@spiderhub/testkit';
import type { Load } from './load.ts';
import type { System } from './system.ts';
import { type Execution, overlaps, readWitness } from './witness.ts';

interface JobRow {
  project_id: number;
  spider: number;
  number: number;
  state: string;
  attempt: number;
  close_reason: string | null;
  items: string;
  pages: string;
  logs: string;
  wanted: string;
}

export interface Verdict {
  /** In words; empty when every promise was kept. */
  violations: string[];
  jobs: number;
  executions: number;
  rerun: number;
  overlaps: number;
  lost: number;
  closeReasons: Record<string, number>;
}

const EXPECTED_ENDS = new Set(['finished', 'cancelled', 'cancel_timeout', 'diskusage_exceeded']);

/** What is compared. */
export interface Evidence {
  database: Database;
  streams: StreamStore;
  executions: readonly Execution[];
  acknowledged: ReadonlySet<string>;
}

/** Compares what clients were told, what crawls told, the database and the stored records. */
export async function judge(evidence: Evidence): Promise<Verdict> {
  const { database, streams, executions, acknowledged } = evidence;
  const rows = await jobRows(database);
  const keys = new Set(rows.map(keyOf));
  const byName = new Map(executions.map((one) => [one.name, one]));
  const violations: string[] = [];

  const lost = [...acknowledged].filter((key) => !keys.has(key));
  for (const key of lost) violations.push(`${key} was acknowledged and is gone`);
  for (const row of rows) {
    const key = keyOf(row);
    if (row.state !== 'finished') violations.push(`${key} is still ${row.state}`);
    else if (!EXPECTED_ENDS.has(row.close_reason ?? ''))
      violations.push(`${key} ended as ${row.close_reason}: ${await errorsOf(row, streams)}`);
    for (let attempt = 1; attempt <= row.attempt; attempt++)
      violations.push(...(await checkStreams(row, attempt, streams, byName)));
  }
  const twice = overlaps(executions);
  for (const [one, other] of twice)
    violations.push(
      `${one.job} ran twice at once, for ${one.lastSeenAt - other.beganAt} ms: ${one.name}, ${other.name}`,
    );

  const ofJob = new Map<string, number>();
  for (const { job } of executions) ofJob.set(job, (ofJob.get(job) ?? 0) + 1);
  return {
    violations,
    jobs: rows.length,
    executions: executions.length,
    rerun: [...ofJob.values()].filter((count) => count > 1).length,
    overlaps: twice.length,
    lost: lost.length,
    closeReasons: countedBy(rows, (row) => row.close_reason ?? row.state),
  };
}

/** Judges, and looks for what was left behind. */
export async function verify(system: System, load: Load): Promise<Verdict> {
  const { database, storage, members } = system;
  const executions = readWitness(system.witness);
  const { acknowledged } = load;
  const verdict = await judge({
    database,
    streams: storage.streams,
    executions,
    acknowledged,
  });
  verdict.violations.push(...(await leftovers(system, executions)));
  for (const member of members) verdict.violations.push(...member.crashes);
  return verdict;
}

async function jobRows(database: Database): Promise<JobRow[]> {
  const { rows } = await database.raw<{ rows: JobRow[] }>(
    `select j.project_id, j.spider, j.number, j.state, j.attempt, j.close_reason, j.items, j.pages, j.logs,
      d.args ->> 'items' as wanted
    from jobs j join job_details d on d.job_id = j.id order by j.id`,
  );
  return rows;
}

function keyOf({ project_id, spider, number }: JobRow): string {
  return `${project_id}/${spider}/${number}`;
}

/** Items are the first so many that one crawl wrote; the last attempt's streams hold what the job's row counts. */
async function checkStreams(
  row: JobRow,
  attempt: number,
  streams: StreamStore,
  executions: ReadonlyMap<string, Execution>,
): Promise<string[]> {
  const key: JobKey = { project: row.project_id, spider: row.spider, job: row.number };
  const name = `${keyOf(row)} attempt ${attempt}`;
  const found: string[] = [];
  const items = await readItems(streams, key, attempt);
  const crawls = new Set(items.map((item) => item.execution));
  if (crawls.size > 1) found.push(`${name} holds items of ${crawls.size} crawls`);
  const gap = items.findIndex((item, at) => item.number !== at);
  if (gap !== -1) found.push(`${name} has item ${items[gap]?.number} in place of ${gap}`);
  const wrote = crawls.size === 0 ? 0 : (executions.get([...crawls][0] as string)?.items ?? 0);
  if (items.length > wrote) found.push(`${name} holds ${items.length} items, its crawl wrote ${wrote}`);
  if (attempt < row.attempt || row.state !== 'finished') return found;

  if (row.close_reason === 'finished' && items.length !== Number(row.wanted))
    found.push(
      `${name} finished with ${items.length} of ${row.wanted} items: ${await errorsOf(row, streams)}`,
    );
  const counted = { items: row.items, requests: row.pages, logs: row.logs } as const;
  for (const stream of ['items', 'requests', 'logs'] as const) {
    const { records } = await streams.stats({ key, attempt, stream });
    if (records !== Number(counted[stream]))
      found.push(`${name} (${row.close_reason}) counts ${counted[stream]} ${stream}, ${records} are stored`);
  }
  return found;
}

/** What the log of the last attempt says went wrong. */
async function errorsOf(row: JobRow, streams: StreamStore): Promise<string> {
  const key: JobKey = { project: row.project_id, spider: row.spider, job: row.number };
  const messages: string[] = [];
  for await (const { lines } of streams.read({ key, attempt: row.attempt, stream: 'logs' }))
    for (const line of lines) {
      const entry = JSON.parse(line.toString('utf8')) as { level: number; message: string };
      if (entry.level >= 40) messages.push(entry.message);
    }
  return messages.join('\n') || 'nothing in its log';
}

interface Item {
  number: number;
  execution: string;
}

async function readItems(streams: StreamStore, key: JobKey, attempt: number): Promise<Item[]> {
  const items: Item[] = [];
  for await (const { lines } of streams.read({ key, attempt, stream: 'items' }))
    for (const line of lines) items.push(JSON.parse(line.toString('utf8')) as Item);
  return items;
}

/** What is still there when whoever has to clear it away has had the time. */
async function leftovers(system: System, executions: readonly Execution[]): Promise<string[]> {
  let left: string[] = [];
  await eventually(() => {
    left = leftNow(system, executions);
    if (left.length > 0) throw new Error(left.join(', '));
  }).catch(() => undefined);
  return left;
}

/** Crawls that live, and directories of attempts that nobody cleared away. */
function leftNow({ home }: System, executions: readonly Execution[]): string[] {
  const alive = executions.filter(({ pid, beganAt }) => livesSince(pid, beganAt));
  const work = join(home, 'work', hostname());
  const directories = readdirSync(work).flatMap((n) =>
    readdirSync(join(work, n))
      .filter((name) => /^\d+-\d+$/.test(name))
      .map((name) => `${n}/${name}`),
  );
  return [
    ...alive.map(({ name }) => `${name} is still running`),
    ...directories.map((name) => `the directory of attempt ${name} was left behind`),
  ];
}

/** Process ids are used again: only the moment of birth tells. */
function livesSince(pid: number, beganAt: number): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return fields[0] !== 'Z' && Math.abs(Number(fields[19]) * 10 - beganAt) < 1000;
  } catch {
    return false;
  }
}

function countedBy<T>(rows: readonly T[], name: (row: T) => string): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const row of rows) counts[name(row)] = (counts[name(row)] ?? 0) + 1;
  return counts;
}
