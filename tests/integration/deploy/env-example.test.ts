import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseEnvFile } from '@spiderhub/platform';

const CHECKOUT = join(__dirname, '../../..');
const CONFIGS = [
  'packages/platform/src/service-config.ts',
  'apps/api/src/config.ts',
  'apps/worker/src/config.ts',
  'apps/cli/src/config.ts',
];

function read(path: string): string {
  return readFileSync(join(CHECKOUT, path), 'utf8');
}

it('explains exactly the variables that some process reads', () => {
  const documented = Object.keys(parseEnvFile(read('.env.example')));
  const known = CONFIGS.flatMap((path) =>
    [...read(path).matchAll(/^ {2}([A-Z][A-Z_]+):/gm)].map((match) => match[1] as string),
  );
  expect([...documented].sort()).toEqual([...new Set(known)].sort());
});
