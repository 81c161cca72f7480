interface Waiting<T, R> {
  item: T;
  resolve(result: R): void;
  reject(error: unknown): void;
}

interface GroupCommitOptions {
  /** Batches under way at once. With one, a batch gathers while the last one commits, so no timer is needed. */
  inFlight?: number;
  /** Most items of one batch. */
  maxBatch?: number;
}

/**
 * A batch takes half of the callers when there are more than twice as many: the commit of one half goes on while the
 * other half is answered, where a commit of all would leave first this process and then the database idle.
 */
const SMALLEST_HALF = 8;

/**
 * Joins concurrent calls into batches: calls of one turn of the event loop flush together when nothing is under way,
 * otherwise they ride with the next flush. Latency stays that of one commit and throughput grows with concurrency.
 * When a batch fails as a whole its members are tried one by one, so nobody fails because of a neighbour.
 */
export function groupCommit<T, R>(
  commit: (items: T[]) => Promise<R[]>,
  { inFlight = 1, maxBatch = 500 }: GroupCommitOptions = {},
): (item: T) => Promise<R> {
  const waiting: Waiting<T, R>[] = [];
  let running = 0;
  /** Calls that were in play when the last batch ended: its own, and those that waited. */
  let callers = 0;
  let gathering = false;

  async function flush(batch: Waiting<T, R>[]): Promise<void> {
    try {
      const results = await commit(batch.map(({ item }) => item));
      // Before they are answered, because they may come back at once.
      callers = waiting.length + batch.length;
      batch.forEach(({ resolve }, i) => {
        resolve(results[i] as R);
      });
    } catch (error) {
      if (batch.length === 1) batch[0]?.reject(error);
      else for (const member of batch) await flush([member]);
    }
  }

  function pump(): void {
    while (running < inFlight && waiting.length > 0) {
      running += 1;
      const batch = waiting.splice(0, Math.min(maxBatch, Math.max(SMALLEST_HALF, Math.ceil(callers / 2))));
      void flush(batch).finally(() => {
        running -= 1;
        pump();
      });
    }
  }

  /** When all callers are answered at once they come back at once: the first must not go alone. */
  function gather(): void {
    if (gathering) return;
    gathering = true;
    setImmediate(() => {
      gathering = false;
      pump();
    });
  }

  return (item) =>
    new Promise<R>((resolve, reject) => {
      waiting.push({ item, resolve, reject });
      gather();
    });
}
