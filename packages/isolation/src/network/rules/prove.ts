import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { promisify } from 'node:util';

export interface Proof {
  /** Version of the kernel's Landlock; 0: none. */
  landlock: number;
}

/** Landlock parts abstract sockets from this version on (Linux 6.12). */
export const LANDLOCK_WITH_SCOPES = 6;

export interface ProofOptions {
  python: string;
  /** Absolute path of `python/launcher`. */
  launcherDir: string;
  /** A user and a group whom the rules guard. */
  uid: number;
  gid: number;
}

/** Sees a guarded user fail to reach a port of loopback that this process reaches. Throws when the rules do nothing. */
export async function proveRules({ python, launcherDir, uid, gid }: ProofOptions): Promise<Proof> {
  const server = createServer((socket) => socket.destroy());
  server.listen({ host: '127.0.0.1', port: 0, exclusive: true });
  await once(server, 'listening');
  try {
    const { port } = server.address() as AddressInfo;
    const program = `${launcherDir}/network_probe.py`;
    const args = ['-I', '-S', program, ...[uid, gid, port].map(String)];
    const { stdout } = await promisify(execFile)(python, args, { env: {}, timeout: 20_000 });
    const seen = JSON.parse(stdout) as { root: boolean; user: boolean; landlock: number };
    if (!seen.root) throw new Error('loopback of this machine cannot be reached');
    if (seen.user) throw new Error('the rules were loaded, and yet packets that they refuse get through');
    return { landlock: seen.landlock };
  } finally {
    server.close();
  }
}
