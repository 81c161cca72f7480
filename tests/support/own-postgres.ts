import { execFile } from 'node:child_process';
import { chmodSync, chownSync, copyFileSync, existsSync, mkdtempSync, realpathSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import {
  answers,
  createServers,
  type Home,
  openHome,
  removeHome,
  type Server,
  type ServerSpec,
  serverAccount,
  startPostgres,
} from '@spiderhub/hosting';
import { eventually, freePort } from '@spiderhub/testkit';
import type { Certificates } from './certificates.ts';

/** A Postgres of a test's own that listens on 127.0.0.1. */
export interface OwnPostgres {
  /** Its database `spiderhub`, with a user who may do everything and needs no password. */
  url: string;
  /** SIGKILL for the whole server. */
  kill(): Promise<void>;
  /** A server that follows it; null where the machine has no pg_basebackup. */
  startStandby(): Promise<OwnPostgres | null>;
  /** A server of its own with what this one held at that moment, from a base backup; null without pg_basebackup. */
  startCopy(): Promise<OwnPostgres | null>;
  close(): Promise<void>;
}

interface PostgresOptions {
  /** It speaks TLS with these. */
  certificates?: Certificates;
}

/** Starts one with data of its own, which are gone once it is closed. */
export async function startOwnPostgres({ certificates }: PostgresOptions = {}): Promise<OwnPostgres> {
  const folder = mkdtempSync(join(tmpdir(), 'own-'));
  // Its user has to get to the data.
  chmodSync(folder, 0o711);
  const home = openHome(folder, serverAccount());
  const servers = createServers(home);
  const { server } = await startPostgres(home, servers, { throwaway: true });
  await server.stop();
  const tls = certificates ? tlsSettings(home, certificates) : {};

  async function start(spec: ServerSpec, settings: Record<string, string>): Promise<OwnPostgres> {
    const port = await freePort();
    const all = { listen_addresses: '127.0.0.1', port: String(port), ...settings };
    const more = Object.entries(all).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
    const running = servers.start({ ...spec, args: [...spec.args, ...more] });
    const url = `postgresql://spiderhub@127.0.0.1:${port}/spiderhub`;
    await untilItAnswers(running, url);
    return {
      url,
      async kill() {
        if (running.pid !== undefined) process.kill(running.pid, 'SIGKILL');
        await running.ended;
      },
      startStandby: () => startBeside(port, ['--write-recovery-conf']),
      startCopy: () => startBeside(port, []),
      async close() {
        await servers.stopAll();
        removeHome(home);
      },
    };
  }

  async function startBeside(port: number, more: string[]): Promise<OwnPostgres | null> {
    const { spec } = server;
    const copy = join(home.postgres, `copy-of-${port}`);
    if (!(await copyData(home, spec.command, port, [...more, '-D', copy]))) return null;
    const args = spec.args.map((word) => (word === join(home.postgres, 'data') ? copy : word));
    return start({ ...spec, args }, {});
  }

  return start(server.spec, tls);
}

async function untilItAnswers(server: Server, url: string): Promise<void> {
  const ended = server.ended.then((how) => Promise.reject(new Error(`${how}: ${server.lastWords()}`)));
  ended.catch(() => {});
  const there = eventually(async () => expect(await answers(url)).toBe(true), { timeoutMs: 60_000 });
  await Promise.race([there, ended]);
}

/** The key is taken only when nobody but the server's user may read it. */
function tlsSettings(home: Home, { certificate, key }: Certificates): Record<string, string> {
  const [ours, oursKey] = [join(home.postgres, 'server.crt'), join(home.postgres, 'server.key')];
  for (const [from, to] of [
    [certificate, ours],
    [key, oursKey],
  ] as const) {
    copyFileSync(from, to);
    chmodSync(to, 0o600);
    if (home.account) chownSync(to, home.account.uid, home.account.gid);
  }
  return { ssl: 'on', ssl_cert_file: ours, ssl_key_file: oursKey };
}

async function copyData(home: Home, postgres: string, port: number, more: string[]): Promise<boolean> {
  const folders = [postgres, realpathSync(postgres)].map(dirname);
  const program = folders.map((folder) => join(folder, 'pg_basebackup')).find((path) => existsSync(path));
  if (!program) return false;
  const from = ['--host=127.0.0.1', `--port=${port}`, '--username=spiderhub', '--checkpoint=fast'];
  const account = home.account && { uid: home.account.uid, gid: home.account.gid };
  await promisify(execFile)(program, [...from, ...more], { cwd: '/', ...account });
  return true;
}
