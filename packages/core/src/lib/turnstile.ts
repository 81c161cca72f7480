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
