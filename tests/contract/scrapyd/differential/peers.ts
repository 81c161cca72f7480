import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, open, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventually, freePort } from '@spiderhub/testkit';
import { ask, type Peer } from './exchange.ts';

export const LOGIN = 'scrapy:pass:word';

/** Python with the clients and Scrapyd, as `npm test` installs it. */
export function clientsPython(): string {
  const python = process.env.SPIDERHUB_CLIENTS_PYTHON;
  if (!python) throw new Error('SPIDERHUB_CLIENTS_PYTHON is not set: run these tests through `npm test`');
  return python;
}

export interface RealScrapyd extends Peer {
  /** Stops it and removes its folder, if that is its own. */
  stop(): Promise<void>;
}

/**
 * A Scrapyd from PyPI, in a folder of its own or in the given one. `pollSeconds` decides how soon it starts what waits;
 * `more` are further lines of its configuration.
 */
export async function startScrapyd(pollSeconds: number, given?: string, more = ''): Promise<RealScrapyd> {
  const folder = given ?? (await mkdtemp(join(tmpdir(), 'scrapyd-')));
  const port = await freePort();
  const [username, ...password] = LOGIN.split(':');
  await writeFile(
    join(folder, 'scrapyd.conf'),
    `[scrapyd]\nhttp_port = ${port}\nusername = ${username}\npassword = ${password.join(':')}\n` +
      `items_dir = items\npoll_interval = ${pollSeconds}\nmax_proc = 2\njobs_to_keep = 100\n${more}`,
  );
  const log = await open(join(folder, 'out.log'), 'w');
  const child: ChildProcess = spawn(clientsPython(), ['-m', 'scrapyd'], {
    cwd: folder,
    stdio: ['ignore', log.fd, log.fd],
    detached: true,
  });
  const gone = once(child, 'exit');
  await log.close();
  const peer: Peer = { host: '127.0.0.1', port, login: LOGIN };
  await eventually(async () => {
    if (child.exitCode !== null) throw new Error(await readFile(join(folder, 'out.log'), 'utf8'));
    await ask(peer, { name: 'up', method: 'GET', path: '/daemonstatus.json' });
  });
  return {
    ...peer,
    async stop() {
      child.kill();
      await gone;
      killGroup(child.pid as number);
      if (given === undefined) await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Scrapyd leaves its crawls behind. */
function killGroup(leader: number): void {
  try {
    process.kill(-leader, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
