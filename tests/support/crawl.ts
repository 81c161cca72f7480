import { eventually } from '@spiderhub/testkit';
import type { Service } from './service.ts';

/** What a job left behind. */
export interface Crawl {
  /** `123/1/7`. */
  id: string;
  /** How many requests it recorded. */
  requests: number;
  items: unknown[];
  warnings: string[];
  errors: string[];
  /** All messages, a line each. */
  log: string;
}

const CRAWL_MS = 240_000;

/** Schedules a spider of the team's project, waits for the end of its job and reads its streams. */
export async function runToEnd(
  service: Service,
  spider: string,
  fields: Record<string, string> = {},
): Promise<Crawl> {
  const project = String(service.team.project);
  const form = { project, spider, nonce: Math.random().toString(36), ...fields };
  const { jobid } = (await (await service.call('/api/run.json', form)).json()) as { jobid: string };
  return readAtEnd(service, jobid);
}

/** Waits for the end of a job of the team's project and reads its streams. */
export async function readAtEnd(service: Service, jobid: string): Promise<Crawl> {
  const query = `project=${service.team.project}&job=${jobid}`;
  await eventually(
    async () => {
      const { jobs } = (await (await service.call(`/api/jobs/list.json?${query}`)).json()) as {
        jobs: { state: string }[];
      };
      expect(jobs[0]?.state).toBe('finished');
    },
    { timeoutMs: CRAWL_MS },
  );
  return readCrawl(service, jobid);
}

/** What a job has left behind so far. */
export async function readCrawl(service: Service, id: string): Promise<Crawl> {
  const query = `project=${service.team.project}&job=${id}`;
  const lines = async <T>(path: string) => {
    const text = await (await service.call(`${path}?${query}`)).text();
    return text.split('\n').flatMap((line) => (line ? [JSON.parse(line) as T] : []));
  };
  const records = await lines<{ level: number; message: string }>('/api/log.jl');
  const said = (level: number) =>
    records.filter((line) => line.level === level).map(({ message }) => message);
  const path = `/storage/requests/${id}?format=json`;
  const requests = ((await (await service.call(path)).json()) as unknown[]).length;
  const log = records.map(({ message }) => message).join('\n');
  return { id, requests, items: await lines('/api/items.jl'), warnings: said(30), errors: said(40), log };
}
