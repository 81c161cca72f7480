import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { serverAccount } from '@spiderhub/hosting';
import { eventually, freePort } from '@spiderhub/testkit';

export type PoolMode = 'session' | 'transaction';

export interface Pooler {
  /** The same database, through PgBouncer. */
  url: string;
  close(): Promise<void>;
}

const PROGRAMS = ['/usr/sbin/pgbouncer', '/usr/bin/pgbouncer'];

/** Where PgBouncer is, null where the machine has none. */
export function findPgBouncer(): string | null {
  return PROGRAMS.find((path) => spawnSync(path, ['--version']).status === 0) ?? null;
}

/** A PgBouncer of its own before the database: `connections` server connections for all of its clients. */
export async function startPgBouncer(
  program: string,
  databaseUrl: string,
  { mode, connections }: { mode: PoolMode; connections: number },
): Promise<Pooler> {
  const target = new URL(databaseUrl);
  const host = target.searchParams.get('host') ?? target.hostname;
  const port = target.searchParams.get('port') ?? (target.port || '5432');
  const user = target.searchParams.get('user') ?? decodeURIComponent(target.username);
  const password = target.password ? ` password=${decodeURIComponent(target.password)}` : '';
  const listenPort = await freePort();
  const folder = mkdtempSync(join(tmpdir(), 'spiderhub-pgbouncer-'));
  const config = join(folder, 'pgbouncer.ini');
  writeFileSync(
    config,
    `[databases]
* = host=${host} port=${port} user=${user}${password}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${listenPort}
unix_socket_dir =
auth_type = any
pool_mode = ${mode}
default_pool_size = ${connections}
`,
  );
  chmodSync(folder, 0o755);
  // It refuses to run as root, and the socket's directory lets only its owner in.
  const account = serverAccount();
  const child = spawn(program, [config], {
    stdio: 'ignore',
    ...(account && { uid: account.uid, gid: account.gid }),
  });
  await eventually(() => accepts(listenPort));
  return {
    url: `postgresql://${user}@127.0.0.1:${listenPort}${target.pathname}`,
    async close() {
      await ended(child);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function ended(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    child.on('exit', () => resolve());
    child.kill('SIGKILL');
  });
}

function accepts(port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.destroy();
      resolve();
    });
    socket.on('error', reject);
  });
}
