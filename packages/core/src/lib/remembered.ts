import { LRUCache } from 'lru-cache';

export interface RememberedOptions {
  /** How long an answer is trusted, ms. */
  trustMs: number;
  /** Answers that are kept; those that were not asked for longest make room. */
  most: number;
  /** Ms since any fixed moment. */
  now?: () => number;
}

export interface Remembered<K, V> {
  /** The answer of at most `trustMs` ago, or a new one. */
  get(key: K): Promise<V | null>;
  /** Asks anew, whatever is remembered. */
  anew(key: K): Promise<V | null>;
}

/**
 * Keeps what `load` found, so that a busy key costs one look-up a `trustMs` and not one a request. Null and failures
 * are shared with those who ask meanwhile and then forgotten: what was made a moment ago is found at once.
 */
export function remembered<K extends {}, V>(
  load: (key: K) => Promise<V | null>,
  { trustMs, most, now = Date.now }: RememberedOptions,
): Remembered<K, V> {
  const answers = new LRUCache<K, { value: Promise<V | null>; until: number }>({ max: most });

  function anew(key: K): Promise<V | null> {
    const value = load(key);
    const answer = { value, until: now() + trustMs };
    answers.set(key, answer);
    const forget = () => {
      if (answers.peek(key) === answer) answers.delete(key);
    };
    value.then((found) => found === null && forget(), forget);
    return value;
  }

  return {
    get(key) {
      const known = answers.get(key);
      return known && known.until > now() ? known.value : anew(key);
    },
    anew,
  };
}
