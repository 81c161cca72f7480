// Copies the built service, so that a copy can be changed, or run while the checkout is being built.
// node tests/faults/mutations/copy-build.mjs TARGET
import { cpSync, existsSync, mkdirSync, readdirSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const CHECKOUT = join(dirname(fileURLToPath(import.meta.url)), '../../..');

/** Copies builds, launcher scripts and migrations; installed packages are linked. */
export function copyBuild(target) {
  for (const parent of ['apps', 'packages']) {
    for (const name of readdirSync(join(CHECKOUT, parent))) copyPackage(join(parent, name), target);
  }
  for (const folder of ['python', 'migrations']) {
    cpSync(join(CHECKOUT, folder), join(target, folder), { recursive: true });
  }
  linkModules(target);
}

function copyPackage(folder, target) {
  const from = join(CHECKOUT, folder);
  if (!existsSync(join(from, 'dist'))) return;
  mkdirSync(join(target, folder), { recursive: true });
  for (const name of ['package.json', 'dist', 'node_modules']) {
    if (existsSync(join(from, name))) {
      cpSync(join(from, name), join(target, folder, name), { recursive: true, verbatimSymlinks: true });
    }
  }
}

function linkModules(target) {
  const modules = join(target, 'node_modules');
  mkdirSync(join(modules, '@spiderhub'), { recursive: true });
  for (const name of readdirSync(join(CHECKOUT, 'node_modules'))) {
    if (name !== '@spiderhub' && !name.startsWith('.')) {
      symlinkSync(join(CHECKOUT, 'node_modules', name), join(modules, name));
    }
  }
  const copied = readdirSync(join(target, 'packages'));
  // The demo site and such are nobody's guards: theirs are those of the checkout.
  for (const name of readdirSync(join(CHECKOUT, 'node_modules/@spiderhub'))) {
    const isCopied = copied.includes(name);
    const source = isCopied
      ? join(target, 'packages', name)
      : join(CHECKOUT, 'node_modules/@spiderhub', name);
    symlinkSync(source, join(modules, '@spiderhub', name));
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) copyBuild(process.argv[2]);
