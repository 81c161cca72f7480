// Everything that has to be right before a change goes in. The last line counts: "N passed, N failed".
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { resultsOf, withSecondTry } from './jest/results.mjs';
import { serversOf, startServers } from './jest/servers.mjs';
import { fail, prepare, run, runTool } from './prepare.mjs';
import { buildWeb } from './web.mjs';

const SPIDERHUB = 'apps/cli/dist/main.js';
/** A test that hangs must not hang whoever waits for the result: after so long all is ended and has failed, ms. */
const LONGEST_MS = 75 * 60_000;
/** So few files that fail run once more, alone: what fails for want of time beside others is no fault of what it tests. */
const MOST_AGAIN = 3;
const HOME = process.env.SPIDERHUB_HOME || '.spiderhub';
const CLIENTS = join(HOME, 'clients');
const FUZZ = join(HOME, 'fuzz');
const KUBERNETES = join(HOME, 'kubernetes');
const S3 = join(HOME, 's3');

/** They ask the processors, and the environments the network, so both go on at the same time. */
const CHECKS = {
  types: () => runTool('typescript/bin/tsc', ['-p', '.']),
  'types of the page': () => runTool('typescript/bin/tsc', ['-p', 'apps/web']),
  'format and lint': () => runTool('@biomejs/biome/bin/biome', ['check', '.']),
  'lint with types': () => runTool('oxlint/bin/oxlint', ['--type-aware']),
  sizes: () => run(process.execPath, ['scripts/sizes.mjs', '0']),
  'dead code': () => runTool('knip/bin/knip.js', []),
};
const ENVIRONMENTS = {
  crawls: async () => {
    // What starts the servers takes this one, makes it where this failed, or finds another Python.
    if (!process.env.SPIDERHUB_PYTHON) await python('python/requirements.txt', join(HOME, 'python'));
    return 0;
  },
  clients: () => python('tests/requirements.txt', CLIENTS),
  'an S3 server': () => python('tests/s3/requirements.txt', S3),
  fuzzers: () => python('tests/fuzz/requirements.txt', FUZZ),
  manifests: async () =>
    (await python('tests/kubernetes/requirements.txt', KUBERNETES)) ||
    run(process.execPath, ['scripts/manifests.mjs', join(KUBERNETES, 'bin/python')]),
};

const CHANGED = /^--changed(?:=(.+))?$/;
const onlyChanged = process.argv.some((each) => CHANGED.test(each));
const jestArguments = process.argv.slice(2).flatMap(toJest);
await prepare();
if ((await buildWeb()) !== 0) fail('The page could not be built: see the messages above');
const [checks, environments] = await Promise.all([inTurn(CHECKS), inTurn(ENVIRONMENTS)]);
let failed = checks + environments;
const tests = await runTests();
failed += tests.failed;
for (const line of tests.slowest) console.log(line);
console.log(`${tests.passed} passed, ${failed} failed`);
process.exitCode = failed === 0 && (tests.passed > 0 || onlyChanged) ? 0 : 1;

/** `--changed`: tests that a change since `main` touches; on main itself, one that is not committed yet. */
function toJest(argument) {
  const [changed, since] = CHANGED.exec(argument) ?? [];
  if (changed === undefined) return [argument];
  const base = since ?? (git('rev-parse', 'main') === git('rev-parse', 'HEAD') ? 'HEAD' : 'main');
  return [`--changedSince=${base}`, '--passWithNoTests'];
}

function python(requirements, directory) {
  return run(process.execPath, [SPIDERHUB, 'python', requirements, directory]);
}

/** Runs them one after the other; resolves to how many failed. */
async function inTurn(steps) {
  let bad = 0;
  for (const [name, step] of Object.entries(steps)) {
    console.log(`== ${name}`);
    if ((await step()) === 0) continue;
    bad += 1;
    console.log(`FAILED: ${name}`);
  }
  return bad;
}

function git(...args) {
  return spawnSync('git', args, { encoding: 'utf8' }).stdout.trim();
}

/**
 * Tests wait nearly half of their time, so one more runs than there are processors. Each process that runs them has a
 * Postgres and a Redis of its own: what happens anywhere on one server holds events back everywhere on it. Files that
 * were asked for by name run one after the other.
 */
async function runTests() {
  console.log('== tests');
  const count = jestArguments.length > 0 ? 1 : Math.min(4, availableParallelism() + 1);
  const folder = mkdtempSync(join(tmpdir(), 'spiderhub-jest-'));
  const servers = await Promise.all(Array.from({ length: count }, () => startServers(SPIDERHUB)));
  try {
    if (servers.includes(null)) return { passed: 0, failed: 1, slowest: [] };
    const environments = servers.map(({ env }) => env);
    const first = await runJest(environments, join(folder, 'report.json'), jestArguments);
    const again = first.failedFiles.map(({ name }) => name);
    if (count === 1 || again.length === 0 || again.length > MOST_AGAIN) return first;
    console.log('== what failed, alone');
    const second = await runJest(environments.slice(0, 1), join(folder, 'again.json'), [
      '--runTestsByPath',
      ...again,
    ]);
    return withSecondTry(first, second);
  } finally {
    await Promise.all(servers.map(async (each) => each?.stop()));
    rmSync(folder, { recursive: true, force: true });
  }
}

/**
 * `environments`: what `spiderhub services` would give to a command, one for each process that runs tests. `asked`: what jest is
 * asked for.
 */
async function runJest(environments, report, asked) {
  const jest = [
    'node_modules/jest/bin/jest.js',
    '--ci',
    // What a failed test left going would keep the process, and so the count, for ever.
    '--forceExit',
    `--maxWorkers=${environments.length}`,
    '--json',
    `--outputFile=${report}`,
    ...asked,
  ];
  const env = {
    ...environments[0],
    SPIDERHUB_TEST_SERVERS: JSON.stringify(environments.map(serversOf)),
    SPIDERHUB_CLIENTS_PYTHON: resolve(CLIENTS, 'bin', 'python'),
    SPIDERHUB_FUZZ_PYTHON: resolve(FUZZ, 'bin', 'python'),
    SPIDERHUB_S3_PYTHON: resolve(S3, 'bin', 'python'),
  };
  const code = await run(process.execPath, jest, { env, timeout: LONGEST_MS });
  return resultsOf(report, code, onlyChanged);
}
