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
