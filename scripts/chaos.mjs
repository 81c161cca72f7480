// npm run test:chaos -- --seed 7 --minutes 30: the long form of tests/faults.
import { parseArgs } from 'node:util';
import { fail, prepare, run } from './prepare.mjs';

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: String(Date.now() % 100_000) },
    minutes: { type: 'string', default: '10' },
    only: { type: 'string' },
    long: { type: 'boolean', default: false },
    checkout: { type: 'string' },
  },
});
if (!(Number(values.minutes) > 0) || !Number.isInteger(Number(values.seed)))
  fail('Usage: npm run test:chaos -- --seed 7 --minutes 30');

await prepare();
console.log(`seed ${values.seed}, ${values.minutes} minutes`);
const env = {
  ...process.env,
  CHAOS_SEED: values.seed,
  CHAOS_SECONDS: String(Number(values.minutes) * 60),
  ...(values.long && { CHAOS_LONG: '1' }),
  ...(values.only && { CHAOS_ONLY: values.only }),
  ...(values.checkout && { CHAOS_CHECKOUT: values.checkout }),
};
const jest = ['node_modules/jest/bin/jest.js', '--ci', 'tests/faults/chaos.test.ts'];
process.exitCode = await run(
  process.execPath,
  ['apps/cli/dist/main.js', 'services', '--', process.execPath, ...jest],
  { env },
);
