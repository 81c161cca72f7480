import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

/** Where it lies, the one it was made from, what it imports from, the way over links to its program, its libraries. */
const ASK = `
import json, os, sys
for name in ('ssl', 'ctypes', 'sqlite3', 'lzma', 'bz2', 'zlib', 'readline'):
    try:
        __import__(name)
    except ImportError:
        pass
found = [sys.prefix, sys.exec_prefix, sys.base_prefix, sys.base_exec_prefix, *sys.path]
program = sys.executable
while os.path.islink(program):
    found.append(program)
    program = os.path.normpath(os.path.join(os.path.dirname(program), os.readlink(program)))
found.append(program)
if os.path.exists('/proc/self/maps'):
    with open('/proc/self/maps') as maps:
        found += [line.split(None, 5)[5].strip() for line in maps if '.so' in line and '/' in line]
print(json.dumps([path for path in found if os.path.isabs(path) and os.path.exists(path)]))
`;

/** A Python that does not answer at once is none, ms. */
const PATIENCE_MS = 30_000;
/** What every box shows: as `python/launcher/box/root.py` says. */
export const SHOWN = [
  '/usr',
  '/bin',
  '/sbin',
  '/lib',
  '/lib64',
  '/lib32',
  '/libx32',
  '/nix/store',
  '/gnu/store',
];

/**
 * All that belongs to a Python and lies outside of the system's own directories: it often does, with pyenv, uv or conda.
 * Throws when it cannot be asked.
 */
export async function partsOfPython(python: string): Promise<string[]> {
  const { stdout } = await promisify(execFile)(python, ['-c', ASK], {
    env: { LANG: 'C.UTF-8', HOME: '/nonexistent', PYTHONDONTWRITEBYTECODE: '1' },
    cwd: '/',
    timeout: PATIENCE_MS,
  });
  return withoutInner(JSON.parse(stdout) as string[]);
}

/** Paths that no other one of them contains. */
export function withoutInner(paths: readonly string[]): string[] {
  const kept: string[] = [];
  for (const path of [...new Set(paths)].sort((a, b) => a.length - b.length)) {
    if (path !== '/' && ![...SHOWN, ...kept].some((outer) => isWithin(path, outer))) kept.push(path);
  }
  return kept;
}

export function isWithin(path: string, directory: string): boolean {
  return path === directory || path.startsWith(`${directory}/`);
}
