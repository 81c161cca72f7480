// How long a crawl takes to begin: a new Python for each beside forks of one that has imported Scrapy already.
//
//   npm run build
//   node bench/start.mjs [--rounds 10] [--in-a-row 0]
//
// Each round starts one crawl either way, an empty one of the probe project, and measures from start() to the first
// LOG message and to the exit. Medians are compared. With --in-a-row as many forked crawls follow, four at a time, each
// of which has to finish. A crawl's memory is what Scrapy itself says when it starts.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { built, CHECKOUT } from './support/checkout.mjs';
import { median } from './support/figures.mjs';

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '10' },
    'in-a-row': { type: 'string', default: '0' },
    python: {
      type: 'string',
      default: process.env.SPIDERHUB_PYTHON ?? join(CHECKOUT, '.spiderhub/python/bin/python'),
    },
  },
});
const { createForkServers, createProcessRunner } = built('packages/runners');
const root = mkdtempSync(join(tmpdir(), 'start-'));
const launcherDir = join(CHECKOUT, 'python/launcher');
const common = {
  python: values.python,
  launcherDir,
  workDir: join(root, 'work'),
  environments: { ensure: async () => ({ python: values.python }) },
  blobs: { localPath: async () => join(root, 'egg') },
  log: console.error,
};
let lastId = 0;

async function main() {
  const project = join(CHECKOUT, 'packages/runners/fixtures/probe');
  execFileSync(values.python, [join(CHECKOUT, 'examples/build-egg.py'), project, join(root, 'egg')]);
  const startedAt = performance.now();
  const forkServers = createForkServers({ ...common, directory: common.workDir });
  if (!(await forkServers.base.ready)) throw new Error('the fork server did not start');
  console.log(`the fork server was ready after ${Math.round(performance.now() - startedAt)} ms`);
  let forks = 0;
  const start = async (directory, python) => {
    const shim = await forkServers.start(directory, python);
    if (shim) forks++;
    return shim;
  };
  const runners = {
    cold: createProcessRunner(common),
    fork: createProcessRunner({ ...common, forkServers: { start } }),
  };
  await compare(runners);
  await inARow(runners.fork, Number(values['in-a-row']));
  console.log(`${forks} crawls were forked`);
  await forkServers.close();
}

async function compare(runners) {
  const seen = { cold: [], fork: [] };
  for (let round = 0; round <= Number(values.rounds); round++) {
    for (const kind of ['cold', 'fork']) {
      const run = await crawl(runners[kind]);
      if (round > 0) seen[kind].push(run); // both warm up once
    }
  }
  for (const what of ['firstLog', 'exit', 'memoryMb']) {
    const [cold, fork] = [seen.cold, seen.fork].map((runs) => median(runs.map((run) => run[what])));
    console.log(
      `${what}: cold ${cold.toFixed(1)}, fork ${fork.toFixed(1)}, ratio ${(cold / fork).toFixed(1)}`,
    );
  }
}

async function inARow(runner, count) {
  const startedAt = performance.now();
  let left = count;
  const lane = async () => {
    while (left-- > 0) await crawl(runner);
  };
  await Promise.all([lane(), lane(), lane(), lane()]);
  if (count > 0)
    console.log(
      `${count} in a row: ${(count / ((performance.now() - startedAt) / 1000)).toFixed(1)} crawls/s`,
    );
}

/** Runs an empty crawl and throws unless it finishes as one should. */
async function crawl(runner) {
  const startedAt = performance.now();
  const run = await runner.start(request());
  let firstLog = null;
  const said = [];
  for await (const messages of run.messages()) {
    firstLog ??= performance.now() - startedAt;
    said.push(...messages);
  }
  const exit = await run.exited;
  const ms = performance.now() - startedAt;
  await run.cleanUp();
  const outcomes = said
    .filter(({ command }) => command === 'FIN')
    .map(({ payload }) => JSON.parse(payload).outcome);
  if (exit.code !== 0 || outcomes.join() !== 'finished')
    throw new Error(
      `a crawl failed: ${JSON.stringify(exit)} ${said.map(({ payload }) => payload).join('\n')}`,
    );
  const stats = JSON.parse(said.findLast(({ command }) => command === 'STA').payload).stats;
  return { firstLog, exit: ms, memoryMb: stats['memusage/startup'] / 2 ** 20 };
}

function request() {
  const id = ++lastId;
  const job = {
    id,
    attempt: 1,
    key: { project: 7, spider: 1, job: id },
    spiderName: 'numbers',
    units: 1,
    tags: [],
  };
  return {
    job: {
      ...job,
      args: { count: '0', pause: '0' },
      settings: {},
      environment: {},
      command: null,
      version: '1.0',
    },
    version: {
      name: '1.0',
      eggSha256: 'egg',
      extraEggs: [],
      requirements: null,
      settingsModule: 'probe.settings',
    },
    projectSettings: {},
    jobToken: 'token',
    apiUrl: 'http://127.0.0.1:9/api/',
    storageUrl: 'http://127.0.0.1:9/storage/',
    leaseMs: 120_000,
  };
}

// Neither crawls nor the fork server keep their worker alive.
const alive = setInterval(() => {}, 60_000);
await main().finally(() => {
  clearInterval(alive);
  rmSync(root, { recursive: true, force: true });
});
