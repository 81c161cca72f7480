import { type ChildProcess, spawn } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { request } from 'node:https';
import { delimiter, join } from 'node:path';
import { createInterface } from 'node:readline';
import { eventually, freePort } from '@spiderhub/testkit';
import { parseAllDocuments } from 'yaml';

/** A real API server of Kubernetes with its etcd. No scheduler, no controllers, no nodes: see `Kubelet`. */
export interface Cluster {
  port: number;
  /** PEM of the authority that its certificate is of. */
  ca: string;
  /** A call with all rights, or with another token. Throws what it answers from 400 on. */
  call<T>(method: string, path: string, body?: object, options?: CallOptions): Promise<T>;
  /** Events of a watch, until the signal. */
  watch<T>(path: string, signal: AbortSignal): AsyncGenerator<T>;
  /** Creates all that a file of manifests has. */
  apply(yaml: string): Promise<void>;
  /** A token of a service account, as the kubelet asks for one. */
  tokenOf(namespace: string, account: string): Promise<string>;
  close(): Promise<void>;
}

export interface CallOptions {
  token?: string;
  contentType?: string;
}

export class RefusedByCluster extends Error {
  readonly status: number;
  constructor(status: number, message: string) {
    super(`${status}: ${message}`);
    this.status = status;
  }
}

const ADMIN = 'admin-of-the-test';

/** Null where one of the programs is missing. `KUBE_APISERVER` names the one that is in no path. */
export function clusterPrograms(): { etcd: string; apiServer: string } | null {
  const etcd = find('etcd');
  const apiServer = process.env.KUBE_APISERVER ?? find('kube-apiserver');
  return etcd && apiServer && existsSync(apiServer) ? { etcd, apiServer } : null;
}

function find(name: string): string | undefined {
  const folders = (process.env.PATH ?? '').split(delimiter);
  return folders.map((folder) => join(folder, name)).find((path) => existsSync(path));
}

export async function startCluster(folder: string): Promise<Cluster> {
  const programs = clusterPrograms();
  if (!programs) throw new Error('there is no kube-apiserver or no etcd');
  const [etcdPort, peerPort, port] = [await freePort(), await freePort(), await freePort()];
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const file = (name: string, text: string | Buffer) => {
    writeFileSync(join(folder, name), text, { mode: 0o600 });
    return join(folder, name);
  };
  const signing = file('accounts.key', privateKey.export({ type: 'pkcs1', format: 'pem' }));
  const verifying = file('accounts.pub', publicKey.export({ type: 'spki', format: 'pem' }));
  const tokens = file('tokens.csv', `${ADMIN},admin,1,"system:masters"\n`);
  mkdirSync(join(folder, 'certificates'));
  const etcdUrl = `http://127.0.0.1:${etcdPort}`;
  const etcd = start(programs.etcd, folder, 'etcd', [
    `--data-dir=${join(folder, 'etcd')}`,
    `--listen-client-urls=${etcdUrl}`,
    `--advertise-client-urls=${etcdUrl}`,
    `--listen-peer-urls=http://127.0.0.1:${peerPort}`,
    `--initial-advertise-peer-urls=http://127.0.0.1:${peerPort}`,
    `--initial-cluster=default=http://127.0.0.1:${peerPort}`,
    '--unsafe-no-fsync',
  ]);
  const apiServer = start(programs.apiServer, folder, 'apiserver', [
    `--etcd-servers=${etcdUrl}`,
    `--secure-port=${port}`,
    '--bind-address=127.0.0.1',
    `--cert-dir=${join(folder, 'certificates')}`,
    `--service-account-key-file=${verifying}`,
    `--service-account-signing-key-file=${signing}`,
    '--service-account-issuer=https://kubernetes.default.svc',
    `--token-auth-file=${tokens}`,
    '--authorization-mode=RBAC',
    '--service-cluster-ip-range=10.96.0.0/16',
  ]);
  const certificate = join(folder, 'certificates/apiserver.crt');
  await eventually(() => expect(existsSync(certificate)).toBe(true), { timeoutMs: 120_000 });
  const cluster = clientOf(port, certificate);
  await eventually(() => cluster.call('GET', '/readyz', undefined, {}), { timeoutMs: 120_000, everyMs: 300 });
  return {
    ...cluster,
    async close() {
      await end(apiServer);
      await end(etcd);
    },
  };
}

function start(program: string, folder: string, name: string, args: string[]): ChildProcess {
  const log = join(folder, `${name}.log`);
  const child = spawn('sh', ['-c', `exec "$@" >${log} 2>&1`, 'sh', program, ...args], { stdio: 'ignore' });
  return child;
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGKILL');
  await once(child, 'exit');
}

function clientOf(port: number, certificate: string): Omit<Cluster, 'close'> {
  const ca = readFileSync(certificate, 'utf8');

  async function send(
    method: string,
    path: string,
    body?: object,
    { token = ADMIN, contentType = 'application/json' }: CallOptions = {},
  ): Promise<IncomingMessage> {
    return new Promise((resolve, reject) => {
      const text = body === undefined ? '' : JSON.stringify(body);
      const headers = {
        authorization: `Bearer ${token}`,
        'content-type': contentType,
        'content-length': Buffer.byteLength(text),
      };
      const sent = request({ host: '127.0.0.1', port, path, method, headers, ca }, resolve);
      sent.on('error', reject);
      sent.end(text);
    });
  }

  async function call<T>(method: string, path: string, body?: object, options?: CallOptions): Promise<T> {
    const answer = await send(method, path, body, options);
    let text = '';
    for await (const part of answer) text += String(part);
    if ((answer.statusCode ?? 0) >= 400) throw new RefusedByCluster(answer.statusCode ?? 0, text);
    return (text.startsWith('{') ? JSON.parse(text) : text) as T;
  }

  return {
    port,
    ca,
    call,
    async *watch<T>(path: string, signal: AbortSignal) {
      const answer = await send('GET', path);
      const close = () => answer.destroy();
      signal.addEventListener('abort', close);
      try {
        for await (const line of createInterface({ input: answer })) if (line) yield JSON.parse(line) as T;
      } catch (error) {
        if (!signal.aborted) throw error;
      }
    },
    async apply(yaml) {
      for (const document of parseAllDocuments(yaml)) {
        const manifest = document.toJS() as Manifest | null;
        if (manifest) await call('POST', pathOf(manifest), manifest);
      }
    },
    async tokenOf(namespace, account) {
      const path = `/api/v1/namespaces/${namespace}/serviceaccounts/${account}/token`;
      const asked = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: {} };
      return (await call<{ status: { token: string } }>('POST', path, asked)).status.token;
    },
  };
}

interface Manifest {
  apiVersion: string;
  kind: string;
  metadata: { namespace?: string };
}

function pathOf({ apiVersion, kind, metadata: { namespace } }: Manifest): string {
  const group = apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
  const plural = kind.toLowerCase().replace(/y$/, 'ie');
  return `${group}${namespace ? `/namespaces/${namespace}` : ''}/${plural}s`;
}
