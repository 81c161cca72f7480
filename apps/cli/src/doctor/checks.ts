import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { answers, embeddedDatabaseUrl, openHome, serverAccount } from '@spiderhub/hosting';
import { boxingFromConfig, limitsFromConfig, withLimits } from '@spiderhub/isolation';
import { CHECKOUT, redisOptions } from '@spiderhub/platform';
import type { CliConfig } from '../config.ts';
import type { Check, Finding } from './doctor.ts';
import { networkFindings } from './network.ts';

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
  async look({ DATABASE_URL, SPIDERHUB_HOME }) {
    const url = DATABASE_URL ?? embeddedDatabaseUrl(openHome(SPIDERHUB_HOME, serverAccount()));
    return [await whether(() => answers(url), 'PostgreSQL', DATABASE_URL ? 'DATABASE_URL' : null)];
  },
};

const redis: Check = {
  name: 'redis',
  async look({ REDIS_URL, SPIDERHUB_HOME }) {
    const own = join(openHome(SPIDERHUB_HOME, serverAccount()).sockets, 'redis.sock');
    const listens = () => isListening(REDIS_URL ?? `unix://${encodeURI(own)}`);
    return [await whether(listens, 'Redis', REDIS_URL ? 'REDIS_URL' : null)];
  },
};

/** Servers of our own run as long as the service does; those that are given have to be there. */
async function whether(
  isThere: () => Promise<boolean>,
  what: string,
  given: string | null,
): Promise<Finding> {
  if (await isThere()) return { state: 'ok', words: `${what} answers` };
  if (given)
    return { state: 'broken', words: `${what} does not answer`, mend: `start it, or correct ${given}` };
  return { state: 'weak', words: `${what} is not running`, mend: 'npm start' };
}

async function isListening(url: string): Promise<boolean> {
  const { path, host, port } = redisOptions(url);
  const socket = path === undefined ? connect(port ?? 6379, host) : connect(path);
  try {
    await once(socket, 'connect', { signal: AbortSignal.timeout(PATIENCE_MS) });
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}

/** Every look of `admin doctor`, in the order of its answer. */
export const CHECKS: readonly Check[] = [isolation, python, database, redis];
