import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { eventually, freePort } from '@spiderhub/testkit';
import { hasOpenssl, makeCertificates } from './certificates.ts';

/** A registry of container images that asks for a login, on an address of this machine that is not loopback. */
export interface TestRegistry {
  /** As it stands in names of images: address and port. */
  place: string;
  username: string;
  password: string;
  /** A file for `SSL_CERT_FILE`: who says that the registry is what it says. */
  authority: string;
  close(): Promise<void>;
}

/** As `htpasswd -B` makes it of the two below. */
const USERS = 'reader:$2y$05$abcdefghijklmnopqrstuubxAD9WTKBKPXK0u/SPqVNV6hyns4tXi\n';
const LOGIN = { username: 'reader', password: 'word-of-the-reader' };

/** Whether there can be one: `apt-get install docker-registry`, and an address. */
export function hasRegistry(): boolean {
  return ownAddress() !== null && hasOpenssl() && spawnSync('docker-registry', ['--version']).status === 0;
}

export async function startRegistry(folder: string): Promise<TestRegistry> {
  const address = ownAddress() as string;
  const place = `${address}:${await freePort()}`;
  const { authority, certificate, key } = makeCertificates(folder, address);
  writeFileSync(join(folder, 'users'), USERS);
  const settings = {
    version: '0.1',
    log: { level: 'error' },
    storage: { filesystem: { rootdirectory: join(folder, 'registry') } },
    http: { addr: place, secret: 'of-this-test', tls: { certificate, key } },
    auth: { htpasswd: { realm: 'tests', path: join(folder, 'users') } },
  };
  // JSON is YAML.
  writeFileSync(join(folder, 'registry.yml'), JSON.stringify(settings));
  const child: ChildProcess = spawn('docker-registry', ['serve', join(folder, 'registry.yml')], {
    stdio: 'ignore',
  });
  const gone = once(child, 'exit');
  await eventually(() => answers(address, Number(place.split(':').at(-1))));
  return {
    place,
    ...LOGIN,
    authority,
    async close() {
      child.kill('SIGKILL');
      await gone;
    },
  };
}

async function answers(host: string, port: number): Promise<void> {
  const socket = connect(port, host);
  await once(socket, 'connect');
  socket.destroy();
}

/** Engines ask no proxy for what is on loopback. */
function ownAddress(): string | null {
  const all = Object.values(networkInterfaces()).flatMap((each) => each ?? []);
  return all.find(({ family, internal }) => family === 'IPv4' && !internal)?.address ?? null;
}
