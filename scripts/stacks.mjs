// npm run test:stacks -- 2.7 2.13: the long form of tests/integration/service/stacks.test.ts; all series without names.
import { prepare, run } from './prepare.mjs';

await prepare();
const env = { ...process.env, STACKS: process.argv.slice(2).join(' ') || 'all' };
const jest = ['node_modules/jest/bin/jest.js', '--ci', 'tests/integration/service/stacks.test.ts'];
process.exitCode = await run(
  process.execPath,
  ['apps/cli/dist/main.js', 'services', '--', process.execPath, ...jest],
  { env },
);
