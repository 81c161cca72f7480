// Lets one tenant attack in namespaces of its own, and prints what came of it as JSON.
//
//   node tests/isolation/harness/run.mjs --isolation box [--uid 54321] [--parts crawl,resources,listing,build]
//     [--families files,processes,...] [--checkout COPY]
import { execFileSync, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const HERE = dirname(fileURLToPath(import.meta.url));
const CHECKOUT = resolve(HERE, '../../..');
const FAMILIES = 'files,processes,privileges,kernel,sockets,public';
/** Where its folder is seen from the inside: not below /tmp, which is another one in each box. */
const WITHIN = '/mnt';
/** Longer than any run takes, ms: then all of it is ended. */
const LONGEST_MS = 15 * 60_000;

const { values } = parseArgs({
  options: {
    isolation: { type: 'string', default: 'box' },
    uid: { type: 'string', default: '0' },
    parts: { type: 'string', default: 'crawl' },
    families: { type: 'string', default: FAMILIES },
    checkout: { type: 'string', default: CHECKOUT },
    env: { type: 'string', default: '{}' },
  },
});

const place = mkdtempSync(join(tmpdir(), 'sh-attacks-'));
try {
  console.log(JSON.stringify(await attack()));
} finally {
  rmSync(place, { recursive: true, force: true, maxRetries: 5 });
}

async function attack() {
  const uid = process.getuid() === 0 ? Number(values.uid) : 0;
  const mark = `m${randomBytes(6).toString('hex')}`;
  for (const folder of ['tmp', 'index', 'home']) mkdirSync(join(place, folder));
  const checkout = resolve(values.checkout);
  const { isolation, families } = values;
  const parts = values.parts.split(',');
  const out = join(WITHIN, 'report.json');
  const options = { isolation, checkout, mark, parts, families, out, env: JSON.parse(values.env) };
  writeFileSync(join(place, 'options.json'), JSON.stringify(options));
  writeFileSync(join(place, 'report.json'), '');
  chmodSync(place, 0o755);
  const all = [place, ...readdirSync(place).map((name) => join(place, name))];
  if (uid !== 0) for (const path of all) chownSync(path, uid, uid);
  const python = pythonOf();
  const redis = redisFolder();
  const env = {
    PATH: [dirname(process.execPath), redis, process.env.PATH, '/usr/sbin', '/sbin']
      .filter(Boolean)
      .join(delimiter),
    LANG: 'C.UTF-8',
    HOME: join(WITHIN, 'home'),
    TMPDIR: join(WITHIN, 'tmp'),
    SPIDERHUB_HOME: join(WITHIN, 'home'),
    SPIDERHUB_PYTHON: python.path,
    ISOLATION_PLACE: place,
    ISOLATION_WITHIN: WITHIN,
    ISOLATION_INDEX: join(WITHIN, 'index'),
    // What an ordinary user has to be able to read, wherever it lies.
    ISOLATION_PATHS: [CHECKOUT, checkout, dirname(dirname(process.execPath)), ...python.prefixes, redis]
      .filter(Boolean)
      .join('\n'),
  };
  const command = [
    process.execPath,
    'apps/cli/dist/main.js',
    'services',
    '--',
    process.execPath,
    join(HERE, 'inside.mjs'),
    join(WITHIN, 'options.json'),
  ];
  await run(join(HERE, 'enter.sh'), [mark, String(uid), ...command], env);
  return JSON.parse(readFileSync(join(place, 'report.json'), 'utf8'));
}

function run(program, args, env) {
  const said = [];
  const child = spawn(program, args, {
    cwd: CHECKOUT,
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: LONGEST_MS,
  });
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => said.push(text));
  return new Promise((done, fail) => {
    child.on('error', fail);
    child.on('close', (code) =>
      code === 0
        ? done()
        : fail(new Error(`the run ended with ${code}:\n${Buffer.concat(said).toString().slice(-6000)}`)),
    );
  });
}

/** The Python of the tests, and what belongs to it. */
function pythonOf() {
  const path = process.env.SPIDERHUB_PYTHON ?? join(homeOfTests(), 'python/bin/python');
  const code = 'import sys; print(sys.prefix); print(sys.base_prefix)';
  return { path, prefixes: execFileSync(path, ['-I', '-c', code], { encoding: 'utf8' }).trim().split('\n') };
}

/** Where `npm test` keeps what it fetched. */
function homeOfTests() {
  const clients = process.env.SPIDERHUB_CLIENTS_PYTHON;
  return clients ? resolve(dirname(clients), '../..') : join(CHECKOUT, '.spiderhub');
}

/** Of the Redis that was fetched where the machine has none: nothing can be fetched inside. */
function redisFolder() {
  const below = join(homeOfTests(), 'redis-programs');
  if (!existsSync(below)) return null;
  const found = readdirSync(below, { recursive: true }).find((file) =>
    /(^|\/)(valkey|redis)-server$/.test(file),
  );
  return found ? dirname(join(below, found)) : null;
}
