export interface FrontierSlot {
  project: number;
  frontier: string;
  slot: string;
}

export interface FrontierRequest {
  /** Text by which the request is known; seen again, it is not queued again. */
  fp: string;
  /** The lowest goes first. */
  priority: number;
  /** Raw JSON that comes back with the request, `null` by default. */
  qdata: string;
  /** Raw JSON kept beside the fingerprint, null for none. */
  fdata: string | null;
}

export interface FrontierBatch {
  /** Opaque text that names the batch when it is deleted. */
  id: string;
  /** Number of requests. */
  size: number;
  /** Raw JSON: `[["fingerprint",qdata],...]`. */
  requests: string;
}

/** Queues of requests with a memory of what was queued before. */
export interface FrontierStore {
  /** Names of frontiers that have slots, in order. */
  frontiers(project: number): Promise<string[]>;
  slots(project: number, frontier: string): Promise<string[]>;
  /** Queues the requests whose fingerprint is new to the slot and returns how many that were. */
  add(slot: FrontierSlot, requests: readonly FrontierRequest[]): Promise<number>;
  /** Batches by priority, then age; they stay queued. Ends once `minCount` requests are reached. */
  read(slot: FrontierSlot, minCount?: number): AsyncIterable<FrontierBatch>;
  /** Number of requests in the queue. */
  queued(slot: FrontierSlot): Promise<number>;
  /** Unknown ids are fine. */
  removeBatches(slot: FrontierSlot, ids: readonly string[]): Promise<void>;
  /** Up to `limit` fingerprints behind `after`, in the order of their bytes. */
  fingerprints(
    slot: FrontierSlot,
    after: string | null,
    limit: number,
  ): Promise<{ fp: string; fdata: string | null }[]>;
  /** Forgets queue and fingerprints. A slot that does not exist is fine. */
  removeSlot(slot: FrontierSlot): Promise<void>;
}
