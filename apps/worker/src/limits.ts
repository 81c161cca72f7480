import { join } from 'node:path';
import {
  type Boxing,
  type IsolationReport,
  isolationInWords,
  type Limiting,
  openLimits,
  unitLimits,
} from '@spiderhub/isolation';
import type { Logger, Service, WorkerConfig } from '@spiderhub/platform';
import { namesIn } from './sweep/in-use.ts';

/** What crawls may use here, and who holds them to it. */
export function openLimitsOfCrawls(config: WorkerConfig, log: Logger): Promise<Limiting> {
  return openLimits({
    unit: unitLimits(config),
    home: config.SPIDERHUB_HOME,
    log: (message, details) => log.info(details ?? {}, message),
  });
}

/** What crawls of this worker are given and what of it is missing, for those who ask; the log is told at once. */
export function isolationOf({ report }: Boxing, limiting: Limiting, log: Logger): IsolationReport {
  const ownUsers = report.level === 'box' && process.getuid?.() !== 0;
  const all = { ...report, missing: [...report.missing, ...limiting.missing({ ownUsers })] };
  log[report.level === 'box' ? 'info' : 'warn']({ isolation: all }, isolationInWords(all));
  return all;
}

/** What limits add to the machine: at the start what dead workers left of it goes, at the end all of it. */
export function limitsOfCrawls(limiting: Limiting, workRoot: string): Service {
  return {
    name: 'limits',
    async start() {
      const wanted = await attemptsBelow(workRoot);
      await limiting.sweep((name) => wanted.has(name));
    },
    stop: () => limiting.close(),
  };
}

/** Names of the job directories of this machine's workers: who comes back takes their crawls over. */
async function attemptsBelow(workRoot: string): Promise<Set<string>> {
  const folders = await namesIn(workRoot);
  const names = await Promise.all(folders.map((folder) => namesIn(join(workRoot, folder))));
  return new Set(names.flat());
}
