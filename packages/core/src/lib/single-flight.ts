/**
 * Shares work: while the work of a key is under way, whoever asks for the key gets the same promise. A failure is
 * shared too, and the next caller tries again.
 */
export function singleFlight<T>(): (key: string, work: () => Promise<T>) => Promise<T> {
  const underWay = new Map<string, Promise<T>>();
  return (key, work) => {
    const known = underWay.get(key);
    if (known) return known;
    const started = work();
    underWay.set(key, started);
    const forget = () => underWay.delete(key);
    started.then(forget, forget);
    return started;
  };
}

interface Line<T> {
  /** The read that is under way; never rejects. */
  now: Promise<unknown>;
  /** The one that begins after it, when somebody waits for one. */
  next: Promise<T> | null;
}

/**
 * Shares reads among many who ask for the same at the same time. Whoever asks while a read of the key is under way gets the
 * next one, with all who ask meanwhile: nobody gets an answer that was read before the question.
 */
export function sharedReads<T>(): (key: string, read: () => Promise<T>) => Promise<T> {
  const lines = new Map<string, Line<T>>();

  function begin(key: string, read: () => Promise<T>): Promise<T> {
    const result = read();
    const over = () => {
      if (lines.get(key)?.next === null) lines.delete(key);
    };
    lines.set(key, { now: result.then(over, over), next: null });
    return result;
  }

  return (key, read) => {
    const line = lines.get(key);
    if (!line) return begin(key, read);
    line.next ??= line.now.then(() => begin(key, read));
    return line.next;
  };
}
