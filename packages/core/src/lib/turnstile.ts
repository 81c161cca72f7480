/** Lets so many pieces of work in at the same time; others wait for their turn, in order. */
export function turnstile(places: number): <T>(work: () => Promise<T>) => Promise<T> {
  let free = places;
  const waiting: (() => void)[] = [];
  return async (work) => {
    if (free > 0) free -= 1;
    else await new Promise<void>((resolve) => waiting.push(resolve));
    try {
      return await work();
    } finally {
      // A place is handed on, so that nobody slips in before those who wait.
      const next = waiting.shift();
      if (next) next();
      else free += 1;
    }
  };
}

/** Does one piece of work at a time, in order. Null, and nothing done, for what finds `most` under way or waiting. */
export function shortLine(most: number): <T>(work: () => Promise<T>) => Promise<T | null> {
  const pass = turnstile(1);
  let length = 0;
  return async (work) => {
    if (length >= most) return null;
    length += 1;
    try {
      return await pass(work);
    } finally {
      length -= 1;
    }
  };
}
