import { spawn } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, readdirSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  createServers,
  type Home,
  openHome,
  removeHome,
  say,
  serverAccount,
  UserError,
  withServers,
} from '@spiderhub/hosting';
import { lockHolder, type StopRequest, takeLock } from '@spiderhub/platform';
import type { CliConfig, Settings } from '../config.ts';
import { startStack } from '../stack.ts';

const PREFIX = 'spiderhub-beside-';

/**
 * `spiderhub services -- COMMAND`: runs a command beside a Postgres and a Redis of its own, which are gone afterwards,
 * and returns its exit code. Python is the one of SPIDERHUB_HOME, since making it takes long.
 */
export async function services({ config, env }: Settings, command: readonly string[]): Promise<number> {
  const [program, ...args] = command;
  if (!program) throw new UserError('Say what to run: spiderhub services -- COMMAND');
  await removeAbandoned();
  const home = temporaryHome();
  const servers = createServers(home);
  try {
    return await withServers(
      servers,
      () => startStack({ config: withoutOwnServers(config), home, servers, throwaway: true }),
      ({ databaseUrl, redisUrl, python }, asked) => {
        const ours = { ...NOBODYS, DATABASE_URL: databaseUrl, REDIS_URL: redisUrl, SPIDERHUB_PYTHON: python };
        const homes = { SPIDERHUB_HOME: home.path, SPIDERHUB_TEST_HOME: home.path };
        return runInFront(program, args, { ...env, ...ours, ...homes }, asked);
      },
    );
  } finally {
    removeHome(home);
  }
}

/** Says more of an installation's servers, and nothing of ours. */
const NOBODYS = { DATABASE_DIRECT_URL: undefined, PGSSLROOTCERT: undefined, REDIS_CA_FILE: undefined };

/** Tests must never meet the data of an installation, whatever the environment or `.env` names. */
function withoutOwnServers(config: CliConfig): CliConfig {
  return { ...config, ...NOBODYS, DATABASE_URL: undefined, REDIS_URL: undefined };
}

function temporaryHome(): Home {
  const path = mkdtempSync(join(tmpdir(), PREFIX));
  const account = serverAccount();
  if (account) chmodSync(path, 0o711);
  takeLock(join(path, 'lock'));
  return openHome(path, account);
}

/** Shares our terminal. A signal that comes to us is passed on, and then its end is awaited. */
function runInFront(
  program: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv,
  asked: StopRequest,
): Promise<number> {
  return new Promise((resolve) => {
    const child = spawn(program, args, { env, stdio: 'inherit' });
    void asked.promise.then((signal) => child.kill(signal));
    child.on('error', (error) => {
      say(`Cannot run ${program}: ${error.message}`);
      resolve(127);
    });
    child.on('exit', (code) => resolve(code ?? 1));
  });
}

/** Ends servers of earlier calls that were killed, and removes their data. */
async function removeAbandoned(): Promise<void> {
  for (const name of readdirSync(tmpdir()).filter((each) => each.startsWith(PREFIX))) {
    const path = join(tmpdir(), name);
    if (!isOurs(path) || lockHolder(join(path, 'lock'))) continue;
    const home = openHome(path, serverAccount());
    await createServers(home).endLeftovers();
    removeHome(home);
  }
}

/** A home without a lock may be one that somebody is just making; those of other users are theirs. */
function isOurs(path: string): boolean {
  try {
    return statSync(path).uid === process.getuid?.() && existsSync(join(path, 'lock'));
  } catch {
    return false;
  }
}
