import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { databaseProblem } from '@spiderhub/db';
import { answers, embeddedDatabaseUrl, openHome, serverAccount } from '@spiderhub/hosting';
import { boxingFromConfig, limitsFromConfig, withLimits } from '@spiderhub/isolation';
import { CHECKOUT, redisOptions } from '@spiderhub/platform';
import { redisProblem } from '@spiderhub/queue';
import { pingBucket } from '@spiderhub/storage';
import { type CliConfig, givenDatabase } from '../config.ts';
import { containerFindings } from './containers.ts';
import type { Check, Finding } from './doctor.ts';
import { networkFindings } from './network.ts';
import { podFindings } from './pods.ts';

const PATIENCE_MS = 10_000;

function pythonOf(config: CliConfig): string {
  return config.SPIDERHUB_PYTHON ?? join(config.SPIDERHUB_HOME, 'python/bin/python');
}

const isolation: Check = {
  name: 'isolation',
  async look(config) {
    const launcherDir = join(CHECKOUT, 'python/launcher');
    const python = pythonOf(config);
    const boxing = await boxingFromConfig({
      ...config,
      SPIDERHUB_LAUNCHER: launcherDir,
      SPIDERHUB_PYTHON: python,
    });
    const limiting = await limitsFromConfig(config);
    const { report } = withLimits(boxing, limiting);
    await limiting.close();
    const network = await networkFindings(config, { level: report.level, python, launcherDir });
    const level: Finding = { state: report.level === 'box' ? 'ok' : 'weak', words: `level ${report.level}` };
    return [
      level,
      ...report.missing.map(({ words, mend }): Finding => ({ state: 'weak', words, mend })),
      ...network,
    ];
  },
};

const python: Check = {
  name: 'python',
  async look(config) {
    const ask =
      'import sys, scrapy; print("Python %d.%d.%d" % sys.version_info[:3], "with Scrapy", scrapy.__version__)';
    const { stdout } = await promisify(execFile)(pythonOf(config), ['-c', ask], { timeout: PATIENCE_MS });
    return [{ state: 'ok', words: stdout.trim() }];
  },
};

const database: Check = {
  name: 'database',
  async look(config) {
    const given = givenDatabase(config);
    const own = embeddedDatabaseUrl(openHome(config.SPIDERHUB_HOME, serverAccount()));
    const address = given ?? { url: own, directUrl: own, pooled: false };
    const there = await Promise.all([address.url, address.directUrl].map(answers));
    if (there.includes(false)) return [away('PostgreSQL', given && 'DATABASE_URL')];
    const problem = await databaseProblem(address);
    return [problem ? { state: 'broken', words: problem } : { state: 'ok', words: 'PostgreSQL answers' }];
  },
};

const redis: Check = {
  name: 'redis',
  async look({ REDIS_URL, REDIS_CA_FILE, SPIDERHUB_HOME }) {
    const own = `unix://${encodeURI(join(openHome(SPIDERHUB_HOME, serverAccount()).sockets, 'redis.sock'))}`;
    const address = redisOptions({ REDIS_URL: REDIS_URL ?? own, REDIS_CA_FILE });
    const problem = await redisProblem(address).catch(() => undefined);
    if (problem === undefined) return [away('Redis', REDIS_URL && 'REDIS_URL')];
    return [problem ? { state: 'broken', words: problem } : { state: 'ok', words: 'Redis answers' }];
  },
};

/** Files of this machine need no look. */
const storage: Check = {
  name: 'storage',
  async look(config) {
    if (config.STORAGE_URL === undefined) return [];
    await pingBucket(config);
    return [{ state: 'ok', words: 'the bucket can be read' }];
  },
};

const containers: Check = { name: 'containers', look: containerFindings };
const pods: Check = { name: 'pods', look: podFindings };

/** Servers of our own run as long as the service does; those that are given have to be there. */
function away(what: string, given: string | undefined): Finding {
  if (given)
    return { state: 'broken', words: `${what} does not answer`, mend: `start it, or correct ${given}` };
  return { state: 'weak', words: `${what} is not running`, mend: 'npm start' };
}

/** Every look of `admin doctor`, in the order of its answer. */
export const CHECKS: readonly Check[] = [isolation, python, database, redis, storage, containers, pods];
