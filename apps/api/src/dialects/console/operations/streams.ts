import type { IncomingHttpHeaders } from 'node:http';
import {
  formatJobKey,
  type Job,
  type JobKey,
  jobErrors,
  LOG_LEVELS,
  type LogLevelName,
  parseJobKey,
  requestErrors,
} from '@spiderhub/core';
import { streamContracts as contracts } from '@spiderhub/wire';
import { LiveReply } from '../../../http/live.ts';
import type { Operation } from '../../../http/operation.ts';
import { TextReply } from '../../../http/reply.ts';
import { type RecordPlace, readPlace } from '../../../live/encode.ts';
import { END, type FollowedStream, followJob } from '../../../live/follow-job.ts';
import { followPage, startOf } from '../../../live/follow-page.ts';
import type { Parts } from '../../../parts.ts';
import { liveRow } from '../jobs/views.ts';
import { served } from '../served.ts';
import { lastEventId } from './events.ts';

/** What one page may watch; more would be a list, which shows counts. */
const MAX_PROJECTS = 50;
const MAX_JOBS = 20;

export function streamOperations(parts: Parts): Operation[] {
  return [
    served(contracts.streamPage, {
      action: 'events.read',
      alsoAsks: ['jobs.read'],
    })(async ({ caller, query, headers }) => {
      const projects = query.projects.map(projectNumber);
      const keys = (query.jobs ?? []).map((text) => parseJobKey(text, 'jobs'));
      if (projects.length === 0 || projects.length > MAX_PROJECTS)
        throw requestErrors.invalid('projects', `expected 1 to ${MAX_PROJECTS} numbers`);
      if (keys.length > MAX_JOBS) throw requestErrors.invalid('jobs', `more than ${MAX_JOBS}`);
      for (const project of projects) await caller.may(project);
      for (const key of keys) await caller.may(key, 'jobs.read');
      const start = await startOf(parts.eventLog, lastEventId(headers) ?? query.after);
      const page = { projects, jobs: keys, ...start };
      return new LiveReply((out) => followPage(parts.live, page, liveRow, out));
    }),
    served(
      contracts.streamLog,
      'logs.read',
    )(async ({ caller, params, query, headers }) => {
      await caller.may(params);
      return answer(
        parts,
        params,
        { stream: 'logs', level: levelOf(query.level), after: query.after },
        headers,
      );
    }),
    served(
      contracts.streamItems,
      'items.read',
    )(async ({ caller, params, query, headers }) => {
      await caller.may(params);
      return answer(parts, params, { stream: 'items', level: 0, after: query.after }, headers);
    }),
    served(
      contracts.streamRequests,
      'requests.read',
    )(async ({ caller, params, query, headers }) => {
      await caller.may(params);
      return answer(parts, params, { stream: 'requests', level: 0, after: query.after }, headers);
    }),
  ];
}

interface Asked {
  stream: FollowedStream;
  level: number;
  after: string | undefined;
}

async function answer(
  { jobs, live }: Parts,
  key: JobKey,
  { stream, level, after }: Asked,
  headers: IncomingHttpHeaders,
): Promise<LiveReply | TextReply> {
  const job = await jobs.find(key);
  if (!job) throw jobErrors.notFound(formatJobKey(key));
  const last = lastEventId(headers);
  // A browser connects again and again until it is told that there is no more.
  const isTold =
    job.state === 'deleted'
      ? last?.endsWith(END)
      : job.state === 'finished' && last === `${job.attempt}-${END}`;
  if (isTold) return new TextReply(null, '', { status: 204 });
  const from = placeOf(last ?? after, job);
  return new LiveReply((out) => followJob(live, { key, stream, level, from }, out));
}

/** The record behind the one that the caller has seen last. Null: whichever comes next. */
function placeOf(seen: string | undefined, { attempt }: Job): RecordPlace | null {
  if (seen === 'now') return null;
  if (seen === undefined) return { attempt, number: 0 };
  const place = readPlace(seen);
  if (place) return { attempt: place.attempt, number: place.number + 1 };
  // Another id than one of ours tells nothing: the caller gets everything.
  return { attempt, number: /^\d{1,15}$/.test(seen) ? Number(seen) + 1 : 0 };
}

function projectNumber(text: string): number {
  if (!/^[1-9]\d{0,8}$/.test(text)) throw requestErrors.invalid('projects', 'expected numbers of projects');
  return Number(text);
}

function levelOf(text = '0'): number {
  return LOG_LEVELS[text.toUpperCase() as LogLevelName] ?? Number(text);
}
