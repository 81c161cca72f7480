// npm run test:machines -- --jobs 20000: API processes and workers on machines of their own (network namespaces), which
// lose their power and are cut off, with --pause seconds of peace in between. Needs root.
import { parseArgs } from 'node:util';
import { fail, prepare, run } from './prepare.mjs';

const { values } = parseArgs({
  options: {
    jobs: { type: 'string', default: '2000' },
    minutes: { type: 'string', default: '30' },
    pause: { type: 'string', default: '12' },
    slots: { type: 'string', default: '3' },
    seed: { type: 'string', default: String(Date.now() % 100_000) },
  },
});
if (!Object.values(values).every((value) => Number(value) > 0))
  fail('Usage: npm run test:machines -- --jobs 20000 --minutes 300 --seed 7 --slots 6 --pause 30');

await prepare();
console.log(`seed ${values.seed}, ${values.jobs} jobs, ${values.minutes} minutes at most`);
const env = {
  ...process.env,
  MACHINES_JOBS: values.jobs,
  MACHINES_MINUTES: values.minutes,
  MACHINES_PAUSE: values.pause,
  MACHINES_SLOTS: values.slots,
  MACHINES_SEED: values.seed,
};
const jest = ['node_modules/jest/bin/jest.js', '--ci', 'tests/faults/machines.test.ts'];
process.exitCode = await run(
  process.execPath,
  ['apps/cli/dist/main.js', 'services', '--', process.execPath, ...jest],
  { env },
);
