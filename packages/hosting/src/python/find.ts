import { allInPath } from '../host/find.ts';
import { run } from '../host/run.ts';

export interface Interpreter {
  path: string;
  version: string;
}

const NEWEST_MINOR = 14;
/** Scrapy's own limit. */
export const OLDEST_MINOR = 10;

/** Python interpreters of this machine that are new enough: the default one first, then newest first. */
export async function findPythons(): Promise<Interpreter[]> {
  const names = ['python3', 'python'];
  for (let minor = NEWEST_MINOR; minor >= OLDEST_MINOR; minor--) names.push(`python3.${minor}`);
  const paths = [...new Set(names.flatMap((name) => allInPath(name)))];
  const found = await Promise.all(paths.map(probePython));
  return found.filter((each) => each !== null);
}

/** Null when it does not run or is too old. */
async function probePython(path: string): Promise<Interpreter | null> {
  const script = 'import sys; print("%d.%d.%d" % sys.version_info[:3])';
  const { code, stdout } = await run(path, ['-c', script]);
  const match = /^3\.(\d+)\.\d+$/.exec(stdout.trim());
  return code === 0 && match && Number(match[1]) >= OLDEST_MINOR ? { path, version: stdout.trim() } : null;
}
