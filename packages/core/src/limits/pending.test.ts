import { createLimitBook } from './limit-book.ts';
import { createPendingWatch, reached } from './pending.ts';
import { NO_LIMITS } from './service-limits.ts';

let now = 0;

function watchOf(limit: number | null, waiting: number) {
  const seen = { looks: 0, waiting };
  const book = createLimitBook(
    {
      async find() {
        const set = { organisation: 10, organisationBytes: 0, projectBytes: 0, ofProject: {} };
        return { ...set, ofOrganisation: { pendingJobs: limit } };
      },
    },
    NO_LIMITS,
    () => now,
  );
  const watch = createPendingWatch(
    book,
    {
      async pending() {
        seen.looks += 1;
        return { project: seen.waiting, organisation: seen.waiting };
      },
    },
    () => now,
  );
  return { watch, seen };
}

it('has nothing to hold far from a limit, and looks now and then whether that is so', async () => {
  const { watch, seen } = watchOf(1_000_000, 0);
  for (let i = 0; i < 100; i++) expect(await watch.ceilings([1])).toEqual([]);
  expect(seen.looks).toBe(1);
  seen.waiting = 999_000;
  now += 250;
  // Nobody waits for the next look.
  expect(await watch.ceilings([1])).toEqual([]);
  await new Promise((resolve) => setImmediate(resolve));
  expect(await watch.ceilings([1])).toEqual([
    { project: 1, organisation: 10, ofProject: null, ofOrganisation: 1_000_000 },
  ]);
});

it('always counts exactly where a limit is small', async () => {
  const { watch } = watchOf(100, 0);
  expect(await watch.ceilings([1, 2])).toHaveLength(2);
});

it('looks at nothing without a limit', async () => {
  const { watch, seen } = watchOf(null, 5);
  expect(await watch.ceilings([1])).toEqual([]);
  expect(seen.looks).toBe(0);
});

it('says which limit is reached', () => {
  const ceiling = { project: 1, organisation: 10, ofProject: 5, ofOrganisation: 7 };
  expect(reached('pendingJobs', ceiling, { project: 4, organisation: 6 })).toBeNull();
  expect(reached('pendingJobs', ceiling, { project: 5, organisation: 6 })).toMatchObject({
    kind: 'forbidden',
    message: 'pendingJobs: project 1 has reached its limit of 5 jobs that wait',
  });
  expect(reached('pendingJobs', ceiling, { project: 4, organisation: 7 })?.message).toContain(
    'organisation 10',
  );
});
