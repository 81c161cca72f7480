import type { jobContracts } from '@spiderhub/wire';
import { addressOf, operation, type ReplyOf } from './client.ts';

type Jobs = typeof jobContracts;

export type JobPage = ReplyOf<Jobs['listJobs']>;
export type JobRow = JobPage['jobs'][number];
export type Job = ReplyOf<Jobs['readJob']>;
export type Band = NonNullable<Job['usualItems']>;
export type RunAgain = ReplyOf<Jobs['readRunAgain']>;
export type BulkReport = ReplyOf<Jobs['stopJobs']>;
export type LogPage = ReplyOf<Jobs['readLogs']>;
export type LogRecord = LogPage['records'][number];
export type ItemPage = ReplyOf<Jobs['readItems']>;
export type Item = ItemPage['items'][number];
export type Coverage = ReplyOf<Jobs['readCoverage']>;
export type RequestRecord = ReplyOf<Jobs['readRequests']>['requests'][number];
export type Comparison = ReplyOf<Jobs['compareJobs']>;

/** How a job is named in addresses. */
export interface JobAddress {
  project: number;
  spider: number;
  job: number;
}

/** The parts of a key such as `123/1/7`. */
export function addressOfKey(key: string): JobAddress {
  const [project = 0, spider = 0, job = 0] = key.split('/').map(Number);
  return { project, spider, job };
}

/** The key as people say it within its project: `1/7`. */
export const shortKey = (key: string): string => key.slice(key.indexOf('/') + 1);

const ONE = '/projects/:project/jobs/:spider/:job';

export const listJobs = operation<Jobs['listJobs']>('listJobs', 'get', '/projects/:project/jobs');
export const runJob = operation<Jobs['runJob']>('runJob', 'post', '/projects/:project/jobs');
export const readRunAgain = operation<Jobs['readRunAgain']>('readRunAgain', 'get', `${ONE}/again`);
export const readJob = operation<Jobs['readJob']>('readJob', 'get', ONE);
export const stopJob = operation<Jobs['stopJob']>('stopJob', 'post', `${ONE}/stop`);
export const deleteJob = operation<Jobs['deleteJob']>('deleteJob', 'delete', ONE);
export const tagJob = operation<Jobs['tagJob']>('tagJob', 'post', `${ONE}/tags`);
export const stopJobs = operation<Jobs['stopJobs']>('stopJobs', 'post', '/projects/:project/bulk/stop');
export const deleteJobs = operation<Jobs['deleteJobs']>(
  'deleteJobs',
  'post',
  '/projects/:project/bulk/delete',
);
export const tagJobs = operation<Jobs['tagJobs']>('tagJobs', 'post', '/projects/:project/bulk/tags');
export const runJobsAgain = operation<Jobs['runJobsAgain']>(
  'runJobsAgain',
  'post',
  '/projects/:project/bulk/run',
);
export const compareJobs = operation<Jobs['compareJobs']>('compareJobs', 'get', '/projects/:project/compare');
export const readLogs = operation<Jobs['readLogs']>('readLogs', 'get', `${ONE}/logs`);
export const readLogRecord = operation<Jobs['readLogRecord']>('readLogRecord', 'get', `${ONE}/logs/:record`);
export const readErrors = operation<Jobs['readErrors']>('readErrors', 'get', `${ONE}/errors`);
export const readItems = operation<Jobs['readItems']>('readItems', 'get', `${ONE}/items`);
export const readItem = operation<Jobs['readItem']>('readItem', 'get', `${ONE}/items/:record`);
export const readCoverage = operation<Jobs['readCoverage']>('readCoverage', 'get', `${ONE}/coverage`);
export const readField = operation<Jobs['readField']>('readField', 'get', `${ONE}/field`);
export const readRequests = operation<Jobs['readRequests']>('readRequests', 'get', `${ONE}/requests`);
export const readSamples = operation<Jobs['readSamples']>('readSamples', 'get', `${ONE}/samples`);
export const readStats = operation<Jobs['readStats']>('readStats', 'get', `${ONE}/stats`);

type Stream = 'items' | 'logs' | 'requests';
type Format = 'jl' | 'json' | 'csv' | 'xml' | 'txt';

/** Where a browser fetches a whole stream as a file. */
export function downloadAddress(job: JobAddress, stream: Stream, format: Format): string {
  return addressOf(`${ONE}/download/:stream/:format`, { ...job, stream, format });
}
