// Builds the page that people see, when something of it changed. `node scripts/web.mjs`, or beside the start of the service.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, realpathSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CHECKOUT, lockHash, note, runTool } from './prepare.mjs';

const WEB = join('apps', 'web');
/** What the last build was made of. */
const BUILT = join(CHECKOUT, 'node_modules', '.spiderhub-web');
const VITE = 'vite/bin/vite.js';
const ARGUMENTS = ['build', '--logLevel', 'warn', WEB];

/** Builds it if need be; resolves to an exit code. */
export async function buildWeb() {
  const state = webState();
  if (isBuilt(state)) return 0;
  const code = await runTool(VITE, ARGUMENTS, { cwd: CHECKOUT });
  if (code === 0) writeFileSync(BUILT, state);
  return code;
}

/** The same without waiting: the service says that its page is being built, and serves it as soon as it is there. */
export function buildWebBeside() {
  const state = webState();
  if (isBuilt(state)) return;
  const args = [join(CHECKOUT, 'node_modules', VITE), ...ARGUMENTS];
  const child = spawn(process.execPath, args, { cwd: CHECKOUT, stdio: ['ignore', 2, 2] });
  child.on('exit', (code) => {
    if (code === 0) writeFileSync(BUILT, state);
    else if (code !== null)
      console.error('The page could not be built: see the messages above. The APIs work.');
  });
}

function isBuilt(state) {
  return (
    existsSync(BUILT) &&
    readFileSync(BUILT, 'utf8') === state &&
    existsSync(join(CHECKOUT, WEB, 'dist', 'index.html'))
  );
}

/** Changes when a source or a setting was touched, or a dependency. */
function webState() {
  const hash = createHash('sha256').update(lockHash());
  for (const file of ['index.html', 'vite.config.ts', 'package.json']) note(hash, join(WEB, file));
  for (const file of readdirSync(join(CHECKOUT, WEB, 'src'), { recursive: true })
    .map(String)
    .toSorted()) {
    note(hash, join(WEB, 'src', file));
  }
  return hash.digest('hex');
}

if (process.argv[1] && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  process.chdir(CHECKOUT);
  process.exitCode = await buildWeb();
}
