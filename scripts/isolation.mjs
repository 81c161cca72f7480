// npm run test:isolation: the long form of tests/isolation. With --mutations [NAME,...] it takes one part of the box away
// after the other, and each time the attacks have to find the hole.
import { parseArgs } from 'node:util';
import { prepare, run } from './prepare.mjs';

const { values, positionals } = parseArgs({
  options: { mutations: { type: 'boolean', default: false } },
  allowPositionals: true,
});
await prepare();
const program = values.mutations
  ? ['tests/isolation/mutations.mjs', ...positionals]
  : ['node_modules/jest/bin/jest.js', '--ci', '--forceExit', 'tests/isolation'];
process.exitCode = await run(
  process.execPath,
  ['apps/cli/dist/main.js', 'services', '--', process.execPath, ...program],
  { env: { ...process.env, ISOLATION_LONG: '1' } },
);
