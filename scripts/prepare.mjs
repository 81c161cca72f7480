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

/** Compiles what changed. */
export async function build() {
  const folders = ['packages', 'apps'].flatMap((parent) =>
    readdirSync(parent).map((name) => join(parent, name)),
  );
  const projects = folders.filter((folder) => existsSync(join(folder, 'tsconfig.json')));
  return (await runTool('typescript/bin/tsc', ['-b', ...projects])) === 0;
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

function lockHash() {
  return createHash('sha256').update(readFileSync(LOCK)).digest('hex');
}
