import { readdirSync, readFileSync, statSync } from 'node:fs';
import { extname, join } from 'node:path';

/** A file of the page as it is sent. */
export interface Asset {
  type: string;
  body: Buffer;
  /** The same, compressed when the page was built. */
  gzip: Buffer | null;
  /** Changes when the file does. */
  tag: string;
}

const TYPES: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
};
const SHELL = 'index.html';
const FOLDER = 'assets';

export interface Page {
  shell: Asset;
  /** By name below `/assets/`. */
  assets: ReadonlyMap<string, Asset>;
}

/**
 * The page as it was built into a folder: about a megabyte that is kept in memory, so that a name that is asked for is only
 * ever looked up. Null while it is not built. Looks whether it was built anew each time it is asked.
 */
export function builtPage(folder: string): () => Page | null {
  let known: { page: Page; builtAt: number } | null = null;
  return () => {
    const builtAt = statSync(join(folder, SHELL), { throwIfNoEntry: false })?.mtimeMs;
    if (builtAt === undefined) return null;
    if (known?.builtAt !== builtAt) known = { page: readPage(folder), builtAt };
    return known.page;
  };
}

function readPage(folder: string): Page {
  const names = readdirSync(join(folder, FOLDER)).filter((name) => extname(name) in TYPES);
  return {
    shell: readAsset(folder, SHELL),
    assets: new Map(names.map((name) => [name, readAsset(join(folder, FOLDER), name)])),
  };
}

function readAsset(folder: string, name: string): Asset {
  const path = join(folder, name);
  const { mtimeMs, size } = statSync(path);
  const hasGzip = statSync(`${path}.gz`, { throwIfNoEntry: false }) !== undefined;
  return {
    type: TYPES[extname(name)] ?? 'application/octet-stream',
    body: readFileSync(path),
    gzip: hasGzip ? readFileSync(`${path}.gz`) : null,
    tag: `"${size.toString(36)}-${Math.round(mtimeMs).toString(36)}"`,
  };
}
