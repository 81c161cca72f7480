// Everything that has to be right before a change goes in. The last line counts: "N passed, N failed".
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fail, prepare, run, runTool } from './prepare.mjs';
import { buildWeb } from './web.mjs';

const SPIDERHUB = 'apps/cli/dist/main.js';
/** A test that hangs must not hang whoever waits for the result: after so long all is ended and has failed, ms. */
const LONGEST_MS = 75 * 60_000;
const HOME = process.env.SPIDERHUB_HOME || '.spiderhub';
const CLIENTS = join(HOME, 'clients');
const FUZZ = join(HOME, 'fuzz');
const KUBERNETES = join(HOME, 'kubernetes');
const S3 = join(HOME, 's3');

const CHECKS = {
  types: () => runTool('typescript/bin/tsc', ['-p', '.']),
  'types of the page': () => runTool('typescript/bin/tsc', ['-p', 'apps/web']),
  'format and lint': () => runTool('@biomejs/biome/bin/biome', ['check', '.']),
  'lint with types': () => runTool('oxlint/bin/oxlint', ['--type-aware']),
  sizes: () => run(process.execPath, ['scripts/sizes.mjs', '0']),
  'dead code': () => runTool('knip/bin/knip.js', []),
  clients: () => run(process.execPath, [SPIDERHUB, 'python', 'tests/requirements.txt', CLIENTS]),
  'an S3 server': () => run(process.execPath, [SPIDERHUB, 'python', 'tests/s3/requirements.txt', S3]),
  fuzzers: () => run(process.execPath, [SPIDERHUB, 'python', 'tests/fuzz/requirements.txt', FUZZ]),
  manifests: async () =>
    (await run(process.execPath, [SPIDERHUB, 'python', 'tests/kubernetes/requirements.txt', KUBERNETES])) ||
    run(process.execPath, ['scripts/manifests.mjs', join(KUBERNETES, 'bin/python')]),
};

const CHANGED = /^--changed(?:=(.+))?$/;
const onlyChanged = process.argv.some((each) => CHANGED.test(each));
const jestArguments = process.argv.slice(2).flatMap(toJest);
await prepare();
if ((await buildWeb()) !== 0) fail('The page could not be built: see the messages above');
let failed = 0;
for (const [name, check] of Object.entries(CHECKS)) {
  console.log(`== ${name}`);
  if ((await check()) === 0) continue;
  failed += 1;
  console.log(`FAILED: ${name}`);
}
const tests = await runTests();
failed += tests.failed;
console.log(`${tests.passed} passed, ${failed} failed`);
process.exitCode = failed === 0 && (tests.passed > 0 || onlyChanged) ? 0 : 1;

/** `--changed`: tests that a change since `main` touches; on main itself, one that is not committed yet. */
function toJest(argument) {
  const [changed, since] = CHANGED.exec(argument) ?? [];
  if (changed === undefined) return [argument];
  const base = since ?? (git('rev-parse', 'main') === git('rev-parse', 'HEAD') ? 'HEAD' : 'main');
  return [`--changedSince=${base}`, '--passWithNoTests'];
}

function git(...args) {
  return spawnSync('git', args, { encoding: 'utf8' }).stdout.trim();
}

/**
 * Tests mostly wait for processes that they started, so several parts of them run at the same time, each file by file and
 * beside a Postgres and a Redis of its own: what happens anywhere on one server holds events back everywhere on it. Files
 * that were asked for by name run in one part.
 */
async function runTests() {
  console.log('== tests');
  const parts = jestArguments.length > 0 ? 1 : Math.min(4, Math.max(2, availableParallelism()));
  const results = await Promise.all(
    Array.from({ length: parts }, (_, n) => runPart(parts === 1 ? [] : [`--shard=${n + 1}/${parts}`])),
  );
  const sum = (name) => results.reduce((total, result) => total + result[name], 0);
  return { passed: sum('passed'), failed: sum('failed') };
}

/** A suite that does not even load counts as one failure. */
async function runPart(which) {
  const folder = mkdtempSync(join(tmpdir(), 'spiderhub-jest-'));
  const report = join(folder, 'report.json');
  try {
    const jest = [
      'node_modules/jest/bin/jest.js',
      '--ci',
      // What a failed test left going would keep the process, and so the count, for ever.
      '--forceExit',
      '--maxWorkers=1',
      '--json',
      `--outputFile=${report}`,
      ...which,
      ...jestArguments,
    ];
    const env = {
      ...process.env,
      SPIDERHUB_CLIENTS_PYTHON: resolve(CLIENTS, 'bin', 'python'),
      SPIDERHUB_FUZZ_PYTHON: resolve(FUZZ, 'bin', 'python'),
      SPIDERHUB_S3_PYTHON: resolve(S3, 'bin', 'python'),
    };
    const code = await run(process.execPath, [SPIDERHUB, 'services', '--', process.execPath, ...jest], {
      env,
      timeout: LONGEST_MS,
    });
    return counted(report, code);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function counted(report, code) {
  try {
    const { numPassedTests, numFailedTests, numRuntimeErrorTestSuites } = JSON.parse(
      readFileSync(report, 'utf8'),
    );
    const known = numFailedTests + numRuntimeErrorTestSuites;
    // jest can fail for reasons that are no test, such as a server that did not stop.
    return { passed: numPassedTests, failed: known || (code === 0 ? 0 : 1) };
  } catch {
    // Without a single test there is no report.
    return { passed: 0, failed: onlyChanged && code === 0 ? 0 : 1 };
  }
}
