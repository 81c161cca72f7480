import { execFileSync, spawnSync } from 'node:child_process';
import { join } from 'node:path';

/** A private authority, and what a server of this machine proves itself with. All are paths of files in PEM. */
export interface Certificates {
  authority: string;
  certificate: string;
  key: string;
}

const EC = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'];

/** Whether this machine can make certificates. Tests that need some are skipped with a line elsewhere. */
export function hasOpenssl(): boolean {
  return /^OpenSSL [3-9]/.test(spawnSync('openssl', ['version'], { encoding: 'utf8' }).stdout ?? '');
}

/** Makes an authority of its own in `folder`, and a certificate of it for an address, 127.0.0.1 when none is named. */
export function makeCertificates(folder: string, address = '127.0.0.1'): Certificates {
  const [authority, authorityKey] = [join(folder, 'ca.crt'), join(folder, 'ca.key')];
  const [certificate, key] = [join(folder, 'server.crt'), join(folder, 'server.key')];
  openssl(['-x509', ...EC, '-subj', '/CN=Authority of a test', '-keyout', authorityKey, '-out', authority]);
  const signed = ['-x509', '-CA', authority, '-CAkey', authorityKey, ...EC];
  const name = ['-subj', '/CN=server', '-addext', `subjectAltName=IP:${address}`];
  openssl([...signed, ...name, '-addext', 'basicConstraints=CA:FALSE', '-keyout', key, '-out', certificate]);
  return { authority, certificate, key };
}

function openssl(args: string[]): void {
  execFileSync('openssl', ['req', ...args], { stdio: ['ignore', 'ignore', 'pipe'] });
}
