// What every script does first: dependencies and build, each only when something changed. Plain Node, no packages.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const CHECKOUT = dirname(dirname(fileURLToPath(import.meta.url)));

const LOCK = join(CHECKOUT, 'package-lock.json');
/** npm writes it at the end of an installation. */
const INSTALLED = join(CHECKOUT, 'node_modules', '.package-lock.json');
/** Hash of the lock file that was installed: times alone are lost when a tree is copied. */
const STAMP = join(CHECKOUT, 'node_modules', '.spiderhub-lock');

/** What the last build was made of. */
const BUILT = join(CHECKOUT, 'node_modules', '.spiderhub-build');

const WEB = join('apps', 'web');

/** Installs and builds. Ends the process with one sentence when that is not possible. */
export async function prepare() {
  process.chdir(CHECKOUT);
  checkNode();
  if (!isInstalled()) await install();
  if (!(await build())) fail('The build failed: see the messages above');
}

/** Runs the `spiderhub` command in this process, so that signals reach it directly. */
export function spiderhub(args) {
  process.argv = [process.execPath, join(CHECKOUT, 'apps/cli/dist/main.js'), ...args];
  createRequire(import.meta.url)(process.argv[1]);
}

/** Compiles what changed; asking the compiler takes a second or two, so it is not asked when nothing did. */
async function build() {
  const projects = ['packages', 'apps', 'examples'].flatMap((parent) =>
    readdirSync(parent)
      .map((name) => join(parent, name))
      // The page is no program of ours to compile: Vite builds it, see web.mjs.
      .filter((folder) => folder !== WEB && existsSync(join(folder, 'tsconfig.json'))),
  );
  if (existsSync(BUILT) && readFileSync(BUILT, 'utf8') === buildState(projects)) return true;
  if ((await runTool('typescript/bin/tsc', ['-b', ...projects])) !== 0) return false;
  // The state afterwards: building wrote what the state is made of, too.
  writeFileSync(BUILT, buildState(projects));
  return true;
}

/** Changes when a source, a setting or a result of the last build was touched. */
function buildState(projects) {
  const hash = createHash('sha256').update(lockHash());
  for (const project of projects) {
    for (const file of ['tsconfig.json', 'package.json', 'dist/.tsbuildinfo'])
      note(hash, join(project, file));
    for (const file of readdirSync(join(project, 'src'), { recursive: true }))
      note(hash, join(project, 'src', file));
  }
  return hash.digest('hex');
}

export function note(hash, path) {
  const { mtimeMs, size } = statSync(path, { throwIfNoEntry: false }) ?? { mtimeMs: 0, size: 0 };
  hash.update(`${path} ${mtimeMs} ${size}\n`);
}

/** Runs a program of node_modules, and returns its exit code. Its output goes to standard error. */
export function runTool(path, args, options) {
  return run(process.execPath, [join('node_modules', path), ...args], options);
}

/** Runs a program without standard input and returns its exit code. A signal to us ends it too. */
export function run(command, args, options = {}) {
  return new Promise((resolve) => {
    const child = spawn(command, args, { stdio: ['ignore', 2, 2], ...options });
    const passOn = (signal) => child.kill(signal);
    const end = (code) => {
      for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.off(signal, passOn);
      resolve(code);
    };
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, passOn);
    child.on('error', (error) => {
      console.error(`Cannot run ${command}: ${error.message}`);
      end(127);
    });
    child.on('exit', (code, signal) => (signal ? process.exit(130) : end(code)));
  });
}

export function fail(sentence) {
  console.error(sentence);
  process.exit(1);
}

function checkNode() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major < 20 || (major === 20 && minor < 19)) {
    fail(`Spiderhub needs Node 20.19 or newer, this is ${process.version}`);
  }
}

function isInstalled() {
  if (!existsSync(INSTALLED)) return false;
  if (existsSync(STAMP) && readFileSync(STAMP, 'utf8') === lockHash()) return true;
  return statSync(INSTALLED).mtimeMs >= statSync(LOCK).mtimeMs;
}

async function install() {
  console.error('Installing npm packages');
  const args = ['ci', '--include=dev', '--no-audit', '--no-fund', '--no-update-notifier', '--loglevel=error'];
  if ((await run('npm', args)) !== 0) fail('npm ci failed: see its messages above');
  writeFileSync(STAMP, lockHash());
}

export function lockHash() {
  return createHash('sha256').update(readFileSync(LOCK)).digest('hex');
}
