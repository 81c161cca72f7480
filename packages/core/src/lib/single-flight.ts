/**
 * Shares work: while the work of a key is under way, whoever asks for the key gets the same promise. A failure is
 * shared too and then forgotten, so that the next caller tries again; with `keep` a success is the answer for ever.
 */
export function singleFlight<T>({ keep = false } = {}): (key: string, work: () => Promise<T>) => Promise<T> {
  const underWay = new Map<string, Promise<T>>();
  return (key, work) => {
    const known = underWay.get(key);
    if (known) return known;
    const started = work();
    underWay.set(key, started);
    const forget = () => underWay.delete(key);
    started.then(keep ? undefined : forget, forget);
    return started;
  };
}
