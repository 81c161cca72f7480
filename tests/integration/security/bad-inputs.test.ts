import { EGGS } from './rows/eggs.ts';
import { JOBS } from './rows/jobs.ts';
import { NAMES } from './rows/names.ts';
import { PROTOCOL } from './rows/protocol.ts';
import { GUESSES, RIGHTS } from './rows/rights.ts';
import { BROWSERS, EXPORTS, NUMBERS } from './rows/values.ts';
import { type Door, type Row, Stage } from './stage.ts';

/** Eighty-five bad inputs, each through every dialect that takes it, against a running API and worker. */

const ROWS: Row[] = [
  ...NAMES,
  ...RIGHTS,
  ...BROWSERS,
  ...EXPORTS,
  ...NUMBERS,
  ...PROTOCOL,
  ...EGGS,
  ...JOBS,
  ...GUESSES,
];
const LAST = 85;

let stage: Stage;
beforeAll(async () => {
  stage = await Stage.open();
});
afterEach(() => stage.stillStands());
afterAll(() => stage?.close());

it('the table is complete', () => {
  const numbers = new Set(ROWS.map(({ row }) => row));
  expect([...numbers].sort((a, b) => a - b)).toEqual(Array.from({ length: LAST }, (_, i) => i + 1));
});

const run = ROWS.flatMap((row) =>
  'run' in row
    ? row.doors.map((door): [number, string, Door, typeof row] => [row.row, row.what, door, row])
    : [],
);
it.each(run)('%i: %s (%s)', async (_row, _what, door, { run: attempt }) => {
  await attempt(stage, door);
});

it.each(ROWS.flatMap((row) => ('absent' in row ? [[row.row, row.what, row.absent] as const] : [])))(
  '%i: %s does not apply: %s',
  (_row, _what, why) => expect(why.length).toBeGreaterThan(10),
);
