interface Gathering<K, V> {
  keys: Set<K>;
  answers: Promise<ReadonlyMap<K, V>>;
}

/**
 * Answers those who ask within `windowMs` of each other together, by one call of `load`: however many ask again and again,
 * that is one call a window. Nobody gets an answer that is older than the question. What `load` does not name is null; its
 * failure is that of all who asked.
 */
export function gathered<K, V>(
  load: (keys: readonly K[]) => Promise<ReadonlyMap<K, V>>,
  windowMs: number,
): (key: K) => Promise<V | null> {
  let open: Gathering<K, V> | null = null;

  async function close(keys: Set<K>): Promise<ReadonlyMap<K, V>> {
    await new Promise((resolve) => setTimeout(resolve, windowMs));
    open = null;
    return load([...keys]);
  }

  return async (key) => {
    if (!open) {
      const keys = new Set<K>();
      open = { keys, answers: close(keys) };
    }
    open.keys.add(key);
    const { answers } = open;
    return (await answers).get(key) ?? null;
  };
}
