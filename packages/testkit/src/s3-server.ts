import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { homedir, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { AwsV4Signer } from 'aws4fetch';
import { eventually } from './eventually.ts';
import { freePort } from './free-port.ts';

/** A server that speaks S3, on this machine, with everything in it gone at its end. */
export interface S3Server {
  /** http://127.0.0.1:port */
  endpoint: string;
  /** The variables with keys that it takes. */
  keys: { AWS_ACCESS_KEY_ID: string; AWS_SECRET_ACCESS_KEY: string };
  /** Whether it looks at signatures and hashes. */
  isStrict: boolean;
  /** Makes an empty bucket. */
  makeBucket(name: string): Promise<void>;
  close(): Promise<void>;
}

const KEYS = { AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'testtest' };

/** The strict one where this machine has it, unless S3_SERVER is moto; else moto. */
export function startS3(): Promise<S3Server> {
  const strict = process.env.S3_SERVER === 'moto' ? null : findVersitygw();
  return strict ? startVersitygw(strict) : startMoto();
}

/** moto, from the environment that `npm test` makes for it. */
export function startMoto(): Promise<S3Server> {
  const python = process.env.SPIDERHUB_S3_PYTHON ?? '.spiderhub/s3/bin/python';
  const program = join(dirname(python), 'moto_server');
  if (!existsSync(program))
    throw new Error('SPIDERHUB_S3_PYTHON is not set: run these tests through `npm test`');
  return started(program, (port) => ['-H', '127.0.0.1', '-p', String(port)]);
}

/** Where versitygw is, null where the machine has none. */
export function findVersitygw(): string | null {
  const program = join(process.env.GOPATH ?? join(homedir(), 'go'), 'bin/versitygw');
  return existsSync(program) ? program : null;
}

/** A server that checks signatures and hashes as S3 does; with TLS where it has a certificate. */
export async function startVersitygw(
  program: string,
  tls?: { certificate: string; key: string },
): Promise<S3Server> {
  const folder = mkdtempSync(join(tmpdir(), 'spiderhub-versitygw-'));
  const proof = tls ? ['--cert', tls.certificate, '--key', tls.key] : [];
  const server = await started(
    program,
    (port) => ['--port', `127.0.0.1:${port}`, ...proof, '--quiet', '--keep-alive', 'posix', folder],
    { isStrict: true, isTls: tls !== undefined },
  );
  return {
    ...server,
    // Each folder is one.
    makeBucket: async (name) => mkdirSync(join(folder, name)),
    async close() {
      await server.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function started(
  program: string,
  args: (port: number) => string[],
  { isStrict = false, isTls = false } = {},
): Promise<S3Server> {
  const port = await freePort();
  const child = spawn(program, args(port), {
    stdio: 'ignore',
    env: {
      ...process.env,
      ROOT_ACCESS_KEY: KEYS.AWS_ACCESS_KEY_ID,
      ROOT_SECRET_KEY: KEYS.AWS_SECRET_ACCESS_KEY,
    },
  });
  const endpoint = `${isTls ? 'https' : 'http'}://127.0.0.1:${port}`;
  try {
    await eventually(() => answersAt(port), { timeoutMs: 50_000, everyMs: 100 });
  } catch (error) {
    await ended(child);
    throw error;
  }
  return {
    endpoint,
    keys: KEYS,
    isStrict,
    async makeBucket(name) {
      const url = `${endpoint}/${name}`;
      const keys = { accessKeyId: KEYS.AWS_ACCESS_KEY_ID, secretAccessKey: KEYS.AWS_SECRET_ACCESS_KEY };
      const signer = new AwsV4Signer({ method: 'PUT', url, ...keys, service: 's3', region: 'us-east-1' });
      const answer = await fetch(url, { method: 'PUT', headers: (await signer.sign()).headers });
      if (!answer.ok) throw new Error(`no bucket: ${answer.status} ${await answer.text()}`);
    },
    close: () => ended(child),
  };
}

function answersAt(port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: '127.0.0.1', port }, () => {
      socket.destroy();
      resolve();
    });
    socket.on('error', reject);
  });
}

function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  return new Promise((resolve) => {
    child.on('exit', () => resolve());
    child.kill('SIGKILL');
  });
}
