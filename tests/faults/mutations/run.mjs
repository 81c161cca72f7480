// Takes one guard out of a copy of the build and lets the chaos run judge it: it has to fail.
// node tests/faults/mutations/run.mjs shim-deadline|fencing|resend [SECONDS [SEED]]
import { appendFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { prepare, run } from '../../../scripts/prepare.mjs';
import { copyBuild } from './copy-build.mjs';

/**
 * What is added to the end of files of the copy, so that a guard is gone by its name, and the faults that it is for.
 * What a migration adds comes after all others.
 */
const MUTATIONS = {
  'shim-deadline': {
    additions: { 'python/launcher/shim_control.py': 'Control._is_past_deadline = lambda self: False' },
    faults: 'worker frozen beyond its lease,half-open connections',
  },
  fencing: {
    additions: {
      'packages/db/dist/jobs/guards.js': "exports.GUARDS.fencing = 'true';",
      'migrations/9999_mutation.up.sql': `
        create or replace function is_current_attempt(j jobs, of_attempt integer) returns boolean language sql immutable
          as $$ select true $$;
        -- An attempt ends once: its key alone would refuse what comes late.
        alter table job_attempts drop constraint job_attempts_pkey;`,
      'migrations/9999_mutation.down.sql': 'select 1;',
    },
    faults: 'worker frozen beyond its lease,half-open connections',
  },
  resend: {
    additions: { 'packages/db/dist/jobs/guards.js': "exports.GUARDS.resend = 'false';" },
    faults: 'kill -9 of a worker and FLUSHALL',
  },
};

const [name, seconds = '90', seed = '3'] = process.argv.slice(2);
const mutation = MUTATIONS[name];
if (!mutation) {
  console.error(`Say which guard: ${Object.keys(MUTATIONS).join(', ')}`);
  process.exit(2);
}
await prepare();
const copy = mkdtempSync(join(tmpdir(), 'sh-mutant-'));
try {
  copyBuild(copy);
  for (const [file, text] of Object.entries(mutation.additions))
    appendFileSync(join(copy, file), `\n${text}\n`);
  const code = await run(process.execPath, [
    'scripts/chaos.mjs',
    '--minutes',
    String(Number(seconds) / 60),
    '--seed',
    seed,
    '--checkout',
    copy,
    '--long',
    '--only',
    mutation.faults,
  ]);
  console.log(code === 0 ? `NOT SEEN: ${name}` : `seen: without ${name} the chaos run fails`);
  process.exitCode = code === 0 ? 1 : 0;
} finally {
  rmSync(copy, { recursive: true, force: true });
}
