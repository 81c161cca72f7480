import type { AttemptStore, ClaimedJob, StreamStore } from '@spiderhub/core';
import type { Logger } from '@spiderhub/platform';
import type { Holding } from '../lease/holding.ts';

/** An attempt in a worker's care, and what it takes to look after it. */
export interface Care {
  job: ClaimedJob;
  holding: Holding;
  attempts: AttemptStore;
  streams: StreamStore;
  /** Keeps what the job was given in confidence from its log. */
  mask: (payload: Buffer) => Buffer;
  /** Another worker process had it before. */
  isInherited: boolean;
  /** Names the job in each line. */
  log: Logger;
  /** Aborts when this process has to go: a successor finds the directory and reports the end. */
  giveUp: AbortSignal;
}
