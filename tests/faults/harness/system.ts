import { execFile, spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { newSecretKey } from '@spiderhub/core';
import { createDatabase, createSegmentIndex, type Database, migrate } from '@spiderhub/db';
import { filesBelow, openStorage, type Storage } from '@spiderhub/storage';
import { freePort, startFaultyS3 } from '@spiderhub/testkit';
import { bucketIfWanted, type OwnBucket } from '../../support/s3-bucket.ts';
import { makeTeam, type Team } from '../../support/team.ts';
import { type Member, startMember } from './fleet.ts';
import { type OwnServers, startOwnServers } from './servers.ts';
import { createTcpProxy } from './tcp-proxy.ts';

const CHECKOUT = resolve(__dirname, '../../..');

/** Two API processes and two workers on servers of their own, each behind its own proxies. */
export interface System {
  root: string;
  /** Where crawls tell what they do. */
  witness: string;
  servers: OwnServers;
  /** A pool past all proxies. */
  database: Database;
  team: Team;
  apis: { member: Member; url: string }[];
  workers: Member[];
  members: Member[];
  /** The directory that a full disk fills, null when we may not mount one. */
  smallDisk: string | null;
  home: string;
  storage: Storage;
  call(path: string, form?: Record<string, string>, api?: number): Promise<Response>;
  /** A call of `/console`, or of what else takes JSON. */
  json(path: string, body: object | string, method?: string, api?: number): Promise<Response>;
  deploy(): Promise<void>;
  stop(): Promise<void>;
}

export interface SystemOptions {
  leaseSeconds: number;
  slots: number;
  /** A build of the service; this checkout's own by default. */
  checkout?: string;
}

/** The home of the service lies on a file system of this size, so that it can be filled. */
const DISK_MB = 192;

export async function startSystem({
  leaseSeconds,
  slots,
  checkout = CHECKOUT,
}: SystemOptions): Promise<System> {
  // Not below the home of a test run: the path of a socket must stay short, and Postgres' user must get there.
  const root = mkdtempSync(join(tmpdir(), 'sh-faults-'));
  spawnSync('chmod', ['711', root]);
  const [home, witness, logs] = ['home', 'witness', 'logs'].map((name) => join(root, name)) as [
    string,
    string,
    string,
  ];
  for (const path of [home, witness, logs]) mkdirSync(path);
  const smallDisk = mountSmallDisk(home);
  const servers = await startOwnServers(join(root, 'servers'), join(CHECKOUT, '.spiderhub'));
  await migrate(servers.databaseUrl, join(checkout, 'migrations'));
  const database = createDatabase(servers.databaseUrl, { name: 'chaos', maxConnections: 4 });
  const team = await makeTeam(database, 'acme', []);
  await database('versions').delete();
  letWitnessIn(home, witness, team.project);
  const secretsKey = newSecretKey();
  const bucket = await bucketIfWanted();
  const ports = [await freePort(), await freePort()];
  const urls = ports.map((port) => `http://127.0.0.1:${port}`);

  async function member(app: 'api' | 'worker', n: number): Promise<Member> {
    const postgres = await createTcpProxy(servers.postgresSocket);
    const redis = await createTcpProxy(servers.redisSocket);
    const s3 = bucket && (await startFaultyS3(bucket.server));
    return startMember({
      name: `${app}${n + 1}`,
      app,
      checkout,
      logDirectory: logs,
      postgres,
      redis,
      s3,
      env: {
        ...process.env,
        NODE_ENV: 'production',
        DATABASE_URL: `postgresql://spiderhub@127.0.0.1:${postgres.port}/spiderhub`,
        REDIS_URL: `redis://127.0.0.1:${redis.port}`,
        SPIDERHUB_HOME: home,
        HOST: '127.0.0.1',
        PORT: String(ports[n]),
        PUBLIC_URL: urls[0],
        SCRAPYD_PORT: '',
        NETWORK_ALLOW: '127.0.0.1:*',
        WEBHOOK_ALLOW_NETWORKS: '127.0.0.1',
        SECRETS_KEY: secretsKey,
        WORKER_SLOTS: String(slots),
        LEASE_SECONDS: String(leaseSeconds),
        STOP_GRACE_SECONDS: '6',
        SHUTDOWN_GRACE_SECONDS: '5',
        // One gives its jobs back when it is stopped, the other leaves its crawls to its successor.
        WORKER_STOP_MODE: n === 0 ? 'requeue' : 'handover',
        LOG_LEVEL: process.env.CHAOS_LOG_LEVEL ?? 'info',
        ...(bucket && s3 && bucket.through(s3.endpoint)),
      },
    });
  }

  const apis = [
    { member: await member('api', 0), url: urls[0] as string },
    { member: await member('api', 1), url: urls[1] as string },
  ];
  const workers = [await member('worker', 0), await member('worker', 1)];
  const members = [...apis.map((api) => api.member), ...workers];

  const authorization = `Basic ${Buffer.from(`${team.key}:`).toString('base64')}`;

  async function json(
    path: string,
    body: object | string,
    method: 'POST' | 'PUT' | 'PATCH' = 'POST',
    api = 0,
  ): Promise<Response> {
    return fetch(`${apis[api]?.url}${path}`, {
      method,
      headers: { authorization, 'content-type': 'application/json' },
      body: typeof body === 'string' ? body : JSON.stringify(body),
      signal: AbortSignal.timeout(10_000),
    });
  }

  async function call(path: string, form?: Record<string, string> | FormData, api = 0): Promise<Response> {
    return fetch(`${apis[api]?.url}${path}`, {
      headers: { authorization },
      // An egg is looked into while the caller waits.
      signal: AbortSignal.timeout(form instanceof FormData ? 120_000 : 10_000),
      ...(form && { method: 'POST', body: form instanceof FormData ? form : new URLSearchParams(form) }),
    });
  }

  await Promise.all(members.map((each) => each.ready()));
  return {
    root,
    witness,
    servers,
    database,
    team,
    apis,
    workers,
    members,
    smallDisk,
    home,
    storage: storageOf(home, bucket, database),
    call,
    json,
    async deploy() {
      const form = new FormData();
      form.set('project', String(team.project));
      form.set('version', '1.0');
      form.set('egg', new Blob([new Uint8Array(await buildEgg(root))]), 'witness.egg');
      const answer = await (await call('/api/scrapyd/addversion.json', form as never)).text();
      if (!answer.includes('"ok"')) throw new Error(`the egg was not taken: ${answer}`);
    },
    async stop() {
      await Promise.all(members.map((each) => each.retire('SIGKILL')));
      for (const each of members) {
        each.postgres.close();
        each.redis.close();
        await each.s3?.close();
      }
      await database.destroy();
      await servers.stop();
      await bucket?.close();
      if (process.env.CHAOS_KEEP) return;
      if (smallDisk) spawnSync('umount', ['-l', smallDisk]);
      rmSync(root, { recursive: true, force: true });
    },
  };
}

function storageOf(home: string, bucket: OwnBucket | null, database: Database): Storage {
  if (!bucket) return filesBelow(join(home, 'data'));
  const settings = { ...bucket.env, SPIDERHUB_HOME: home, CACHE_BYTES: 2 ** 30, GARBAGE_HOURS: 1 };
  return openStorage(settings, { index: createSegmentIndex(database) });
}

/** Only root may mount; elsewhere the disk never gets full. */
function mountSmallDisk(path: string): string | null {
  if (process.getuid?.() !== 0) return null;
  const { status } = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${DISK_MB}m,mode=711`, 'tmpfs', path]);
  return status === 0 ? path : null;
}

/**
 * A box shows a crawl nothing of the machine but its own folder and the one that is kept for its spider: the witness is
 * where that one is looked for. It must not lie on the disk that fills up.
 */
function letWitnessIn(home: string, witness: string, project: number): void {
  const kept = join(home, 'data/folders', String(project));
  mkdirSync(kept, { recursive: true, mode: 0o700 });
  chmodSync(witness, 0o777);
  // The project's only spider is its first.
  symlinkSync(witness, join(kept, '1'));
}

async function buildEgg(directory: string): Promise<Buffer> {
  const path = join(directory, 'witness.egg');
  const script = join(CHECKOUT, 'examples/build-egg.py');
  const python = process.env.SPIDERHUB_PYTHON ?? 'python3';
  await promisify(execFile)(python, [script, resolve(__dirname, '../project'), path]);
  return readFile(path);
}
