// npm run test:stacks -- 2.7 2.13, npm run test:plugins -- pandas, npm run test:attacks and so on: the long forms of these
// tests; all of it without names.
// npm run pictures: makes those of docs/dash anew.
import { join, resolve } from 'node:path';
import { prepare, run } from './prepare.mjs';

const FORMS = {
  PICTURES: ['tests/browser/pictures.test.ts'],
  STACKS: ['tests/integration/service/stacks.test.ts', 'tests/contract/hubstorage/stacks.test.ts'],
  ATTACKS: ['tests/contract/console/guessing.test.ts'],
  DELIVERIES: ['tests/faults/deliveries.test.ts'],
  FUZZ: ['tests/fuzz/fuzz.test.ts'],
  READERS: ['tests/faults/readers.test.ts'],
  KUBERNETES: ['tests/kubernetes'],
  PLUGINS: ['tests/integration/service/plugins.test.ts'],
};
const SPIDERHUB = 'apps/cli/dist/main.js';
const [form, ...names] = process.argv.slice(2);

await prepare();
const clients = join(process.env.SPIDERHUB_HOME || '.spiderhub', 'clients');
await run(process.execPath, [SPIDERHUB, 'python', 'tests/requirements.txt', clients]);
const fuzz = join(process.env.SPIDERHUB_HOME || '.spiderhub', 'fuzz');
if (form === 'FUZZ') await run(process.execPath, [SPIDERHUB, 'python', 'tests/fuzz/requirements.txt', fuzz]);
const env = {
  ...process.env,
  [form]: names.join(' ') || 'all',
  SPIDERHUB_CLIENTS_PYTHON: resolve(clients, 'bin', 'python'),
  ...(form === 'FUZZ' && { SPIDERHUB_FUZZ_PYTHON: resolve(fuzz, 'bin', 'python') }),
};
const jest = ['node_modules/jest/bin/jest.js', '--ci', '--forceExit', ...FORMS[form]];
process.exitCode = await run(process.execPath, [SPIDERHUB, 'services', '--', process.execPath, ...jest], {
  env,
});
