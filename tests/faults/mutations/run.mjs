// Takes one guard out of a copy of the build and lets the chaos run judge it: it has to fail.
// node tests/faults/mutations/run.mjs shim-deadline|fencing|re-send [SECONDS [SEED]]
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { prepare, run } from '../../../scripts/prepare.mjs';
import { copyBuild } from './copy-build.mjs';

/** What is changed, and the faults that the guard is for. */
const MUTATIONS = {
  'shim-deadline': {
    changes: [
      [
        'python/launcher/shim_control.py',
        'if time.clock_gettime_ns(_CLOCK) / 1e6 > self._deadline_ms:',
        'if False:',
      ],
    ],
    faults: 'worker frozen beyond its lease,half-open connections',
  },
  fencing: {
    changes: [
      [
        'packages/db/dist/jobs/attempt-store.js',
        "where j.id = b.id and j.attempt = b.attempt and j.state = 'running' and j.worker = :worker",
        "where j.id = b.id and j.state = 'running'",
      ],
      [
        'migrations/0001_initial.up.sql',
        'if not found or j.attempt <> of_attempt or j.state',
        'if not found or j.state',
      ],
      // An attempt ends once: its key alone would refuse what comes late.
      [
        'migrations/0001_initial.up.sql',
        'status, n_items, n_pages, n_logs, n_errors);',
        'status, n_items, n_pages, n_logs, n_errors) on conflict do nothing;',
      ],
    ],
    faults: 'worker frozen beyond its lease,half-open connections',
  },
  're-send': {
    changes: [
      [
        'packages/db/dist/jobs/dispatch-store.js',
        "where state = 'admitted' and admitted_at",
        "where state = 'nothing' and admitted_at",
      ],
    ],
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
  for (const [file, from, to] of mutation.changes) mutate(join(copy, file), from, to);
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

function mutate(path, from, to) {
  const text = readFileSync(path, 'utf8');
  if (!text.includes(from)) throw new Error(`${path} does not hold what is to be changed`);
  writeFileSync(path, text.replace(from, to));
}
