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
  let gathering = false;

  async function flush(batch: Waiting<T, R>[]): Promise<void> {
    try {
      const results = await commit(batch.map(({ item }) => item));
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
      void flush(waiting.splice(0, maxBatch)).finally(() => {
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
