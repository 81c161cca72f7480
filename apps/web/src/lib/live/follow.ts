import { type QueryClient, useQueryClient } from '@tanstack/react-query';
import { useEffect } from 'react';
import type { Fact } from '../../api/events.ts';
import { addressOfKey, type Job } from '../../api/jobs.ts';
import { meQuery } from '../me.ts';
import { connection, type LiveListener } from './connection.ts';
import { newestOf, patch, withProgress } from './facts.ts';
import { stir } from './stirring.ts';
import { forgetTails, rememberTail } from './tails.ts';
import { throttled } from './throttle.ts';

/** How often what is shown is read anew at most while things happen, ms. */
const EVERY_MS = { list: 2000, overview: 5000, health: 5000, spider: 3000, job: 1000 };
/** What was read before a stream began may be older than its first fact. */
const ONCE_MORE_MS = 1000;
/** A tab that nobody sees draws nothing: what comes meanwhile is taken this often, ms. */
const HIDDEN_MS = 1000;
/** `job`, project, spider, number: what lies below is a part of the job. */
const JOB_KEY_LENGTH = 4;

/** Keeps what the page has read as it is: one stream for the tab, whatever its screens watch. */
export function useLive(): void {
  const client = useQueryClient();
  useEffect(() => connection.start(createFollower(client)), [client]);
}

/** Tells what happens in a project while the component is there. */
export function useWatchedProject(project: number | undefined): void {
  useEffect(() => (project === undefined ? undefined : connection.watchProjects([project])), [project]);
}

/** Tells how far a job has come, and its streams, while the component is there. */
export function useWatchedJob(key: string): void {
  useEffect(() => {
    const leave = connection.watchJob(key);
    return () => {
      leave();
      forgetTails(key);
    };
  }, [key]);
}

const growing = new Map<string, Set<() => void>>();

/** Runs while a watched job comes on, at most once in so many ms. */
export function useWhileItComesOn(key: string, run: () => unknown, everyMs: number): void {
  useEffect(() => {
    const { ask, stop } = throttled(() => void run(), everyMs);
    const mine = growing.get(key) ?? new Set();
    growing.set(key, mine.add(ask));
    return () => {
      stop();
      mine.delete(ask);
      if (mine.size === 0) growing.delete(key);
    };
  }, [key, run, everyMs]);
}

function createFollower(client: QueryClient): LiveListener {
  const refresh = createRefresh(client);
  let waiting: Fact[] = [];
  let isDrawn = true;
  let hasBegun = false;

  function takeAll(): void {
    isDrawn = true;
    for (const fact of newestOf(waiting)) take(client, refresh, fact);
    waiting = [];
  }
  return {
    onFact(fact) {
      waiting.push(fact);
      if (!isDrawn) return;
      isDrawn = false;
      if (document.hidden) setTimeout(takeAll, HIDDEN_MS);
      else requestAnimationFrame(takeAll);
    },
    onOpen() {
      if (hasBegun) refresh.all();
      else setTimeout(refresh.all, ONCE_MORE_MS);
      hasBegun = true;
    },
    onRefused: () => lookWhoIsThere(client),
  };
}

type Refresh = ReturnType<typeof createRefresh>;

/** Reads anew what facts do not say, now and then. */
function createRefresh(client: QueryClient) {
  const known = new Map<string, () => void>();
  function soon(name: keyof typeof EVERY_MS, queryKey: readonly unknown[], exact = false): void {
    const id = JSON.stringify([queryKey, exact]);
    const ask =
      known.get(id) ??
      throttled(() => void client.invalidateQueries({ queryKey, exact }), EVERY_MS[name]).ask;
    known.set(id, ask);
    ask();
  }
  return {
    project(project: number, spider: number): void {
      soon('list', ['jobs', project, 'list']);
      soon('overview', ['overview', project]);
      soon('health', ['health', project]);
      soon('spider', ['spider', project, spider]);
    },
    /** Of many jobs at once: whatever is shown of the project's. */
    many(project: number): void {
      soon('list', ['jobs', project, 'list']);
      soon('job', ['job', project]);
    },
    /** After a quiet time: then what follows from events asks often enough by itself. */
    whatFollows(project: number): void {
      for (const name of ['schedules', 'schedule', 'rules', 'rule', 'webhooks', 'webhook'])
        void client.invalidateQueries({ queryKey: [name, project] });
    },
    job(key: string): void {
      const { project, spider, job } = addressOfKey(key);
      soon('job', ['job', project, spider, job], true);
    },
    all(): void {
      for (const queryKey of [['jobs'], ['overview'], ['health'], ['spider'], ['job'], ['log'], ['numbers']])
        void client.invalidateQueries({ queryKey });
    },
  };
}

function take(client: QueryClient, refresh: Refresh, fact: Fact): void {
  patch(client, fact);
  if (fact.event === 'job') {
    const { project, spider } = addressOfKey(fact.data.key);
    if (stir(project)) refresh.whatFollows(project);
    refresh.project(project, spider);
    if (isShown(client, fact.data.key)) refresh.job(fact.data.key);
  } else if (fact.event === 'project') {
    const { project, type } = fact.data;
    if (stir(project)) refresh.whatFollows(project);
    if (type === 'job.tagged') refresh.many(project);
  } else if (fact.event === 'counts') {
    for (const key of waitingJobs(client, fact.data.project)) refresh.job(key);
  } else if (fact.event === 'progress') {
    takeProgress(client, refresh, fact.data);
  } else if (fact.event === 'tail') {
    rememberTail(fact.data);
    comesOn(fact.data.key);
  } else if (fact.event === 'reset') {
    refresh.all();
  } else if (fact.event === 'bye' && fact.data.reason === 'revoked') {
    lookWhoIsThere(client);
  }
}

/** Jobs that are shown and wait: they come forward when others begin. */
function waitingJobs(client: QueryClient, project: number): string[] {
  const shown = client.getQueriesData<Job>({ queryKey: ['job', project], type: 'active' });
  return shown.flatMap(([queryKey, job]) =>
    queryKey.length === JOB_KEY_LENGTH && job?.state === 'pending' ? [job.key] : [],
  );
}

/** Who is not signed in any more hears of it by any call. */
function lookWhoIsThere(client: QueryClient): void {
  void client.fetchQuery({ ...meQuery, staleTime: 0, retry: false }).catch(() => {});
}

function takeProgress(
  client: QueryClient,
  refresh: Refresh,
  progress: Extract<Fact, { event: 'progress' }>['data'],
): void {
  const { project, spider, job: number } = addressOfKey(progress.key);
  const queryKey = ['job', project, spider, number];
  const job = client.getQueryData<Job>(queryKey);
  if (!job) return;
  const now = withProgress(job, progress);
  if (now) client.setQueryData<Job>(queryKey, now);
  else refresh.job(progress.key);
  comesOn(progress.key);
}

function comesOn(key: string): void {
  for (const ask of growing.get(key) ?? []) ask();
}

function isShown(client: QueryClient, key: string): boolean {
  const { project, spider, job } = addressOfKey(key);
  return client.getQueryData(['job', project, spider, job]) !== undefined;
}
