import { readdir, readFile } from 'node:fs/promises';
import { readJson } from './files.ts';
import type { JobDirectory } from './job-directory.ts';

/** Of nearly every Linux; where it is another one, a multiple is shown. */
const PAGE_BYTES = 4096;
/** Far more than a crawl starts: a look must not take long. */
const MAX_PROCESSES = 1000;

/** Resident memory of a crawl's processes, bytes; null when it does not run, or there is no /proc. */
export async function memoryOf(directory: JobDirectory): Promise<number | null> {
  const shim = await readJson<{ crawlPid?: number }>(directory.shim).catch(() => null);
  if (!shim?.crawlPid) return null;
  const found = [shim.crawlPid];
  // Those that are found are looked at, too.
  for (const pid of found) {
    if (found.length > MAX_PROCESSES) break;
    found.push(...(await childrenOf(pid)));
  }
  const sizes = await Promise.all(found.map(residentBytes));
  const known = sizes.filter((size) => size !== null);
  return known.length === 0 ? null : known.reduce((sum, size) => sum + size, 0);
}

async function childrenOf(pid: number): Promise<number[]> {
  const threads = await readdir(`/proc/${pid}/task`).catch(() => []);
  const lists = await Promise.all(threads.map((thread) => textOf(`/proc/${pid}/task/${thread}/children`)));
  return lists.flatMap((list) =>
    (list ?? '')
      .split(' ')
      .filter((word) => word !== '')
      .map(Number),
  );
}

async function residentBytes(pid: number): Promise<number | null> {
  const pages = Number((await textOf(`/proc/${pid}/statm`))?.split(' ')[1]);
  return Number.isSafeInteger(pages) ? pages * PAGE_BYTES : null;
}

async function textOf(file: string): Promise<string | null> {
  return readFile(file, 'latin1').catch(() => null);
}
