import type { EventLog, JobKey, ProjectLooks, StreamStore } from '@spiderhub/core';
import type { Logger } from '@spiderhub/platform';
import { createRooms, type RoomLimits, type Rooms } from '../http/rooms.ts';
import { createEventHub, type EventHub, type Hints } from './event-hub.ts';
import { createJobWatch, type JobWatch } from './job-watch.ts';
import { createStreamWatches, type StreamWatches } from './stream-watch.ts';

/** What is needed to follow jobs. */
export interface LiveJobs {
  jobs: JobWatch;
  streams: StreamWatches;
  store: Pick<StreamStore, 'read'>;
}

/** Everything that goes on while somebody listens; one of each kind for all viewers of a process. */
export interface Live extends LiveJobs {
  events: EventHub;
  rooms: Rooms;
  /** Ends all streams and waits: a server that waits for its answers would wait for ever. */
  close(): void;
}

export interface LiveParts {
  log: Logger;
  eventLog: EventLog;
  looks: ProjectLooks;
  streams: StreamStore;
  hints?: Hints | undefined;
  limits?: RoomLimits | undefined;
}

export function createLive({ log, eventLog, looks, streams, hints, limits }: LiveParts): Live {
  const onError = (error: unknown) => log.warn({ err: error }, 'live streams wait for their servers');
  const events = createEventHub({ log: eventLog, hints, onError });
  const jobWatch = createJobWatch({
    looks,
    happening: (project, signal) => changedJobs(eventLog, events, project, signal),
    hints,
    onError,
  });
  const watches = createStreamWatches(streams, onError);
  const rooms = createRooms(limits);
  return {
    events,
    jobs: jobWatch,
    streams: watches,
    store: streams,
    rooms,
    close() {
      rooms.close();
      events.close();
      jobWatch.close();
      watches.close();
    },
  };
}

async function* changedJobs(
  log: EventLog,
  events: EventHub,
  project: number,
  signal: AbortSignal,
): AsyncGenerator<JobKey[]> {
  for await (const batch of events.follow(await log.end(), { projects: [project] }, signal)) {
    yield batch.events.flatMap(({ job }) => (job ? [{ project, ...job }] : []));
  }
}
