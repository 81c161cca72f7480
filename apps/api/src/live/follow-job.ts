import type { JobKey, StreamName } from '@spiderhub/core';
import { type LiveOutput, sseEvent } from '../http/live.ts';
import { encodeLog, encodeRecords, type RecordPlace } from './encode.ts';
import type { WatchedJob } from './job-watch.ts';
import type { LiveJobs } from './live.ts';
import type { Encode, Watch } from './stream-watch.ts';

export type FollowedStream = Extract<StreamName, 'items' | 'logs' | 'requests'>;

export interface Followed {
  key: JobKey;
  stream: FollowedStream;
  /** Least level of log lines. */
  level: number;
  /** The next record to send; null: the first that comes from now on. */
  from: RecordPlace | null;
}

/** Behind the last record of an attempt of a job that is over: who comes back with it has seen everything. */
export const END = 'end';

/**
 * Sends the records of a job's stream as they come, from a place on, each once and in order, until the job is over; then
 * how it ended. An attempt that follows another one begins with its first record, and is announced.
 */
export async function followJob(live: LiveJobs, followed: Followed, out: LiveOutput): Promise<void> {
  const job = live.jobs.watch(followed.key);
  try {
    await known(job, out.signal);
    let { from } = followed;
    for (let announced = from?.attempt; !out.signal.aborted; ) {
      const { now } = job;
      if (!now) return await out.send(sseEvent(END, { state: 'deleted', close_reason: null }, END));
      const { attempt } = now;
      if (announced !== undefined && announced !== attempt) await out.send(sseEvent('attempt', { attempt }));
      announced = attempt;
      await followAttempt(live, { ...followed, from }, { attempt, out });
      from = { attempt, number: 0 };
      const last = job.now;
      if (!last || last.attempt !== attempt) continue;
      const ended = { state: last.state, close_reason: last.closeReason };
      return await out.send(sseEvent(END, ended, `${attempt}-${END}`));
    }
  } finally {
    job.leave();
  }
}

/** Waits until somebody has looked at the job. */
export async function known(job: WatchedJob, signal: AbortSignal): Promise<void> {
  while (job.now === undefined && !signal.aborted) await job.changed(job.changes, signal);
}

function isOver(state: string): boolean {
  return state === 'finished' || state === 'deleted';
}

/** Until nothing more is written to this attempt. */
async function followAttempt(
  live: LiveJobs,
  { key, stream, level, from }: Followed,
  { attempt, out }: { attempt: number; out: LiveOutput },
): Promise<void> {
  const encode = stream === 'logs' ? encodeLog(attempt, level) : encodeRecords(attempt);
  const ref = { key, attempt, stream };
  const watch = live.streams.open(ref, {
    name: `level ${level}`,
    encode,
    whenOver: (signal) => untilOver(live, key, attempt, signal),
  });
  try {
    let at = from === null ? await endOf(watch, out.signal) : from.attempt === attempt ? from.number : 0;
    while (!out.signal.aborted) {
      at = await stayAtEnd(watch, at, out);
      await out.room();
      if (watch.chunkAt(at)) continue;
      const end = watch.end();
      if (at < end) {
        const reached = await catchUp(live, { ref, at, encode, out });
        // Where a stream has a gap there is nothing to wait for.
        at = reached > at ? reached : end;
      } else if (watch.isComplete()) return;
    }
  } finally {
    watch.leave();
  }
}

/**
 * Passes on what comes in the very turn in which it comes, for as long as the viewer has room for it and stands where the
 * others do: a thousand viewers are a thousand writes, and no promises. Returns how far it came.
 */
function stayAtEnd(watch: Watch, from: number, out: LiveOutput): Promise<number> {
  return new Promise((resolve) => {
    let at = from;
    const stop = watch.onChange(step);
    out.signal.addEventListener('abort', step);
    step();

    function step(): void {
      if (goOn()) return;
      stop();
      out.signal.removeEventListener('abort', step);
      resolve(at);
    }

    function goOn(): boolean {
      while (!out.signal.aborted) {
        const chunk = watch.chunkAt(at);
        if (!chunk) return at >= watch.end() && !watch.isComplete();
        at = chunk.to;
        if (chunk.bytes.length > 0 && !out.write(chunk.bytes)) return false;
      }
      return false;
    }
  });
}

async function endOf(watch: Watch, signal: AbortSignal): Promise<number> {
  if (watch.changes() === 0) await watch.changed(0, signal);
  return watch.end();
}

/** What others have seen already: read for this viewer alone, as fast as it takes it. */
async function catchUp(
  { store }: LiveJobs,
  {
    ref,
    at,
    encode,
    out,
  }: { ref: Parameters<LiveJobs['store']['read']>[0]; at: number; encode: Encode; out: LiveOutput },
): Promise<number> {
  let reached = at;
  for await (const batch of store.read(ref, { from: at })) {
    const bytes = encode(batch);
    if (bytes.length > 0) await out.send(bytes);
    out.signal.throwIfAborted();
    reached = batch.first + batch.lines.length;
  }
  return reached;
}

/** Until nobody writes to an attempt any more, or the signal. */
async function untilOver(
  { jobs }: LiveJobs,
  key: JobKey,
  attempt: number,
  signal: AbortSignal,
): Promise<void> {
  const job = jobs.watch(key);
  try {
    while (!signal.aborted) {
      const { changes, now } = job;
      if (now !== undefined && (now === null || now.attempt !== attempt || isOver(now.state))) return;
      await job.changed(changes, signal);
    }
  } finally {
    job.leave();
  }
}
