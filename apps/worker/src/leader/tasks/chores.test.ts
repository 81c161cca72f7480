import { createLogger } from '@spiderhub/platform';
import { type Chore, doChores } from './chores.ts';

const log = createLogger({ name: 'test', level: 'silent' });

let nowMs = 0;
let ran: string[] = [];

beforeEach(() => {
  nowMs = 1000;
  ran = [];
});

/** A chore with so many pieces of 10 ms each. */
function chore(name: string, pieces: number, idleMs = 1e9): Chore {
  let left = pieces;
  return {
    name,
    idleMs,
    async run() {
      nowMs += 10;
      ran.push(name);
      left -= 1;
      return { done: 1, more: left > 0 };
    },
  };
}

/** Runs the task every millisecond for so long. */
async function goOn(chores: Chore[], ms: number): Promise<void> {
  const task = doChores({ chores, log, now: () => nowMs });
  for (const until = nowMs + ms; nowMs < until; nowMs += 1) await task.run(1);
}

it('takes a seventh of the time at most', async () => {
  await goOn([chore('a', 1e6), chore('b', 1e6)], 10_000);
  expect(ran.length).toBeGreaterThan(120);
  expect(ran.length).toBeLessThanOrEqual(151);
});

it('does chores in turn, however much one of them has to do', async () => {
  await goOn([chore('much', 1e6), chore('little', 2)], 1000);
  expect(ran.slice(0, 4)).toEqual(['much', 'little', 'much', 'little']);
  expect(ran.slice(4)).not.toContain('little');
});

it('looks again after its pause', async () => {
  await goOn([chore('a', 1, 300)], 1000);
  expect(ran).toHaveLength(4);
});

it('goes on with the others when one fails, and tries it again', async () => {
  let failed = 0;
  const bad: Chore = {
    name: 'bad',
    idleMs: 300,
    async run() {
      failed += 1;
      throw new Error('the database is away');
    },
  };
  await goOn([bad, chore('good', 3)], 1000);
  expect(ran).toHaveLength(3);
  expect(failed).toBe(4);
});
