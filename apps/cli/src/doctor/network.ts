import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { type Guard, guardNetwork, type IsolationLevel, watchPolicy } from '@spiderhub/isolation';
import type { CliConfig } from '../config.ts';
import type { Finding } from './doctor.ts';

/** What a worker would keep crawls from what is not public with. All that is made for the trial is taken away. */
export async function networkFindings(
  config: CliConfig,
  { level, python, launcherDir }: { level: IsolationLevel; python: string; launcherDir: string },
): Promise<Finding[]> {
  const tmp = join(config.SPIDERHUB_HOME, 'tmp');
  mkdirSync(tmp, { recursive: true, mode: 0o700 });
  // Stands for the home, too: rules for crawls that run now are not touched.
  const folder = mkdtempSync(join(tmp, 'doctor-'));
  const policy = watchPolicy({
    allowed: async () => [],
    common: async () => ({ everyone: [], resolvers: [] }),
    onError: () => {},
  });
  const hasUsers = level !== 'none' && process.getuid?.() === 0;
  const uidOf = hasUsers ? (project: number) => config.ISOLATION_UID_BASE + project : null;
  const place = { home: folder, folder, python, launcherDir };
  try {
    const guard = await guardNetwork({
      ...place,
      setting: config.NETWORK,
      level,
      uidOf,
      policy,
      log: () => {},
    });
    await guard.close(false);
    return findings(guard);
  } finally {
    policy.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

function findings({ mode, missing }: Guard): Finding[] {
  const head: Finding = { state: mode === 'open' ? 'weak' : 'ok', words: `network ${mode}` };
  return [head, ...missing.map(({ words, mend }): Finding => ({ state: 'weak', words, mend }))];
}
