import { join } from 'node:path';
import type { CrawlRequest } from '@spiderhub/core';
import { type CrawlPlace, crawlEnvironment } from './launch-files.ts';

/** How a crawl's process is started: its shim executes exactly this. */
export interface Launch {
  /** The program, as an absolute path, and its arguments. */
  argv: string[];
  /** The whole environment. */
  env: Record<string, string>;
  /** Absolute path. */
  cwd: string;
}

/** Decides what is executed for a crawl whose files lie ready. A box around crawls wraps what another launcher says. */
export type Launcher = (request: CrawlRequest, place: CrawlPlace) => Launch | Promise<Launch>;

/** Runs crawl.py of `launcherDir` (absolute) with the rights of this user, in the crawl's home. */
export function bareLauncher(launcherDir: string): Launcher {
  const program = join(launcherDir, 'crawl.py');
  return (request, place) => ({
    argv: [place.python, program],
    env: crawlEnvironment(request, place),
    cwd: place.directory.home,
  });
}
