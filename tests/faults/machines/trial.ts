import { execFile } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { newSecretKey } from '@spiderhub/core';
import { createDatabase, createSegmentIndex, type Database, migrate } from '@spiderhub/db';
import { openStorage, type Storage } from '@spiderhub/storage';
import { type FaultyS3, startFaultyS3 } from '@spiderhub/testkit';
import { type OwnBucket, startBucket } from '../../support/s3-bucket.ts';
import { makeTeam, type Team } from '../../support/team.ts';
import { type OwnServers, startOwnServers } from '../harness/servers.ts';
import { createTcpProxy, type TcpProxy } from '../harness/tcp-proxy.ts';
import { diskIn, type Machine, startMachine } from './machine.ts';
import { createNetwork, type Network } from './network.ts';
import { startValkey, type Valkey } from './valkey.ts';

const CHECKOUT = resolve(__dirname, '../../..');
const API_PORT = 8000;
const APIS = 2;
const WORKERS = 3;

/** Two API and three worker machines with no disk in common, and what they share on a sixth. */
export interface Trial {
  network: Network;
  servers: OwnServers;
  postgres: TcpProxy;
  valkey: Valkey;
  s3: FaultyS3;
  database: Database;
  storage: Storage;
  team: Team;
  apis: Machine[];
  workers: Machine[];
  /** Where crawls are told to write what they do: the same name on each machine, and another folder. */
  witness: string;
  call(path: string, form?: Record<string, string> | FormData, api?: number): Promise<Response>;
  deploy(): Promise<void>;
  stop(): Promise<void>;
}

export interface TrialOptions {
  leaseSeconds: number;
  slots: number;
}

interface Shared {
  servers: OwnServers;
  postgres: TcpProxy;
  valkey: Valkey;
  bucket: OwnBucket;
  s3: FaultyS3;
  close(): Promise<void>;
}

async function startShared(root: string, hub: string): Promise<Shared> {
  const servers = await startOwnServers(join(root, 'servers'), join(CHECKOUT, '.spiderhub'));
  const postgres = await createTcpProxy(servers.postgresSocket, hub);
  const valkey = await startValkey(join(root, 'valkey'), hub);
  const bucket = await startBucket();
  const s3 = await startFaultyS3(bucket.server, hub);
  return {
    servers,
    postgres,
    valkey,
    bucket,
    s3,
    async close() {
      postgres.close();
      await s3.close();
      await bucket.close();
      await valkey.close();
      await servers.stop();
    },
  };
}

export async function startTrial({ leaseSeconds, slots }: TrialOptions): Promise<Trial> {
  const root = mkdtempSync(join(tmpdir(), 'sh-machines-'));
  chmodSync(root, 0o711);
  for (const name of ['machines', 'disk', 'logs', 'servers']) mkdirSync(join(root, name), { mode: 0o711 });
  const network = createNetwork();
  const shared = await startShared(root, network.hub);
  const { servers, bucket, s3 } = shared;
  await migrate(servers.databaseUrl, join(CHECKOUT, 'migrations'));
  const database = createDatabase(servers.databaseUrl, { name: 'trial', maxConnections: 4 });
  const team = await makeTeam(database, 'acme', []);
  await database('versions').delete();
  const secretsKey = newSecretKey();

  function environment(address: string, disk: string): NodeJS.ProcessEnv {
    return {
      ...process.env,
      NODE_ENV: 'production',
      DATABASE_URL: `postgresql://spiderhub@${network.hub}:${shared.postgres.port}/spiderhub`,
      REDIS_URL: shared.valkey.url,
      SPIDERHUB_HOME: join(disk, 'home'),
      HOST: address,
      PORT: String(API_PORT),
      PUBLIC_URL: `http://${network.hub}`,
      SCRAPYD_PORT: '',
      SECRETS_KEY: secretsKey,
      WORKER_SLOTS: String(slots),
      LEASE_SECONDS: String(leaseSeconds),
      STOP_GRACE_SECONDS: '6',
      SHUTDOWN_GRACE_SECONDS: '5',
      ...bucket.through(s3.endpoint),
    };
  }

  const boot = (app: 'api' | 'worker') => (_: unknown, n: number) =>
    startMachine({ name: `${app}${n + 1}`, app, root, network, env: environment });
  const apis = Array.from({ length: APIS }, boot('api'));
  const workers = Array.from({ length: WORKERS }, boot('worker'));
  for (const { disk } of workers) letWitnessIn(disk, diskIn(root), team.project);
  await Promise.all([...apis, ...workers].map((machine) => machine.ready()));
  const settings = { ...bucket.env, SPIDERHUB_HOME: root, CACHE_BYTES: 2 ** 30, GARBAGE_HOURS: 1 };
  const authorization = `Basic ${Buffer.from(`${team.key}:`).toString('base64')}`;

  async function call(path: string, form?: Record<string, string> | FormData, api = 0): Promise<Response> {
    return fetch(`http://${apis[api]?.address}:${API_PORT}${path}`, {
      headers: { authorization },
      // An egg is looked into while the caller waits.
      signal: AbortSignal.timeout(form instanceof FormData ? 120_000 : 10_000),
      ...(form && { method: 'POST', body: form instanceof FormData ? form : new URLSearchParams(form) }),
    });
  }

  return {
    network,
    ...shared,
    database,
    storage: openStorage(settings, { index: createSegmentIndex(database) }),
    team,
    apis,
    workers,
    witness: join(diskIn(root), 'witness'),
    call,
    deploy: () => deploy(root, team, call),
    async stop() {
      await Promise.all([...apis, ...workers].map((machine) => machine.destroy()));
      await database.destroy();
      await shared.close();
      network.remove();
      if (!process.env.MACHINES_KEEP) rmSync(root, { recursive: true, force: true, maxRetries: 20 });
    },
  };
}

/** As in the chaos run: the folder that is kept for the spider is where it tells what it does. */
function letWitnessIn(disk: string, diskInside: string, project: number): void {
  const kept = join(disk, 'home/data/folders', String(project));
  mkdirSync(kept, { recursive: true, mode: 0o700 });
  symlinkSync(join(diskInside, 'witness'), join(kept, '1'));
}

async function deploy(root: string, team: Team, call: Trial['call']): Promise<void> {
  const egg = join(root, 'witness.egg');
  const python = process.env.SPIDERHUB_PYTHON ?? 'python3';
  const builder = join(CHECKOUT, 'examples/build-egg.py');
  await promisify(execFile)(python, [builder, resolve(__dirname, '../project'), egg]);
  const form = new FormData();
  form.set('project', String(team.project));
  form.set('version', '1.0');
  form.set('egg', new Blob([new Uint8Array(await readFile(egg))]), 'witness.egg');
  const answer = await (await call('/api/scrapyd/addversion.json', form)).text();
  if (!answer.includes('"ok"')) throw new Error(`the egg was not taken: ${answer}`);
}
