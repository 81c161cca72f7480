import { addressOf } from './client.ts';
import type { JobRow } from './jobs.ts';

/** What changes of a row while somebody looks at it. */
export type RowFact = Omit<JobRow, 'args' | 'usualItems' | 'waiting'> & Partial<Pick<JobRow, 'waiting'>>;

/** Something happened with a job. */
export interface JobFact {
  key: string;
  type: string;
}

/** Something happened in a project, and not with a single job. */
export interface ProjectFact {
  project: number;
  type: string;
}

export interface CountsFact {
  project: number;
  pending: number;
  running: number;
}

/** How far a job that is watched has come. */
export type ProgressFact = { key: string } & (
  | { state: 'deleted' }
  | Pick<JobRow, 'state' | 'attempt' | 'closeReason' | 'tags' | 'items' | 'pages' | 'logs' | 'errors'>
);

export type StreamName = 'logs' | 'items' | 'requests';

/** How many records a stream of a watched job has. */
export interface TailFact {
  key: string;
  stream: StreamName;
  attempt: number;
  end: number;
}

export type Fact =
  | { event: 'job'; data: JobFact }
  | { event: 'project'; data: ProjectFact }
  | { event: 'row'; data: RowFact }
  | { event: 'counts'; data: CountsFact }
  | { event: 'progress'; data: ProgressFact }
  | { event: 'tail'; data: TailFact }
  /** The place is not known any more: everything is read anew. */
  | { event: 'reset'; data: object }
  /** The other side ends the stream, and says why. */
  | { event: 'bye'; data: { reason: string } };

const EVENTS: readonly Fact['event'][] = [
  'job',
  'project',
  'row',
  'counts',
  'progress',
  'tail',
  'reset',
  'bye',
];

export interface StreamWish {
  projects: readonly number[];
  /** `project/spider/job`. */
  jobs: readonly string[];
  /** Where an earlier stream ended. */
  after: string | null;
}

export interface StreamListener {
  onOpen(): void;
  onFact(fact: Fact): void;
  /** The place behind everything that was told so far. */
  onPlace(id: string): void;
  /** Cut. `isOver`: the browser gives up; otherwise it connects again and goes on at its place. */
  onCut(isOver: boolean): void;
}

/** Opens the one stream of a page; returns how to close it. */
export function openStream({ projects, jobs, after }: StreamWish, listener: StreamListener): () => void {
  const query = {
    projects: projects.join(','),
    ...(jobs.length > 0 && { jobs: jobs.join(',') }),
    ...(after !== null && { after }),
  };
  const source = new EventSource(addressOf('/stream', {}, query));
  source.onopen = () => listener.onOpen();
  source.onerror = () => listener.onCut(source.readyState === EventSource.CLOSED);
  for (const event of EVENTS) {
    source.addEventListener(event, ({ data, lastEventId }) => {
      if (lastEventId !== '') listener.onPlace(lastEventId);
      listener.onFact({ event, data: JSON.parse(data) } as Fact);
    });
  }
  return () => source.close();
}
