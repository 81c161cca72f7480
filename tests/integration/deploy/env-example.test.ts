import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseEnv } from 'node:util';

const CHECKOUT = join(__dirname, '../../..');
const CONFIGS = [
  'packages/platform/src/config/fields.ts',
  'packages/platform/src/config/api.ts',
  'packages/platform/src/config/limits.ts',
  'packages/platform/src/config/storage.ts',
  'packages/platform/src/config/worker.ts',
  'apps/cli/src/config.ts',
];

function read(path: string): string {
  return readFileSync(join(CHECKOUT, path), 'utf8');
}

it('explains exactly the variables that some process reads', () => {
  const documented = Object.keys(parseEnv(read('.env.example')));
  const known = CONFIGS.flatMap((path) =>
    [...read(path).matchAll(/^ {2}([A-Z][A-Z0-9_]+):/gm)].map((match) => match[1] as string),
  );
  expect([...documented].sort()).toEqual([...new Set(known)].sort());
});
