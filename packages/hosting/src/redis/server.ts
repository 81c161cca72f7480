import { chmodSync, mkdirSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { inherited } from '../environment.ts';
import type { Home } from '../host/home.ts';
import type { Server, Servers } from '../host/servers.ts';
import { untilReady } from '../host/until-ready.ts';
import { say } from '../say.ts';
import type { RedisProgram } from './find.ts';

const STOP_GRACE_MS = 15_000;

export interface RedisServer {
  server: Server;
  redisUrl: string;
}

/** Starts the embedded Redis-compatible server on its socket and waits until it answers. */
export async function startRedis(home: Home, servers: Servers, program: RedisProgram): Promise<RedisServer> {
  const socket = join(home.sockets, 'redis.sock');
  // One program cannot read what a newer or another one wrote, and losing it loses no job: each has its own place.
  const data = join(home.path, 'redis', `${program.kind}-${program.version}`);
  mkdirSync(data, { recursive: true, mode: 0o700 });
  chmodSync(join(home.path, 'redis'), 0o700);
  say(`Redis: ${program.kind} ${program.version} from ${program.path}`);
  const server = servers.start({
    name: 'redis',
    command: program.path,
    args: redisArguments(socket, data),
    env: inherited,
    account: null,
    stopSignal: 'SIGTERM',
    killSignal: 'SIGKILL',
    graceMs: STOP_GRACE_MS,
  });
  await untilReady(server, () => pings(socket));
  return { server, redisUrl: `unix://${encodeURI(socket)}` };
}

function redisArguments(socket: string, data: string): string[] {
  const settings = {
    port: '0',
    unixsocket: socket,
    unixsocketperm: '700',
    dir: data,
    appendonly: 'yes',
    save: '',
    daemonize: 'no',
    'maxmemory-policy': 'noeviction',
  };
  return Object.entries(settings).flatMap(([name, value]) => [`--${name}`, value]);
}

/** True once it has read its data: before, it answers that it is loading. */
function pings(socket: string): Promise<boolean> {
  return new Promise((resolve) => {
    const connection = connect(socket, () => connection.write('PING\r\n'));
    connection.setTimeout(5000, () => connection.destroy());
    connection.once('data', (answer) => {
      resolve(answer.toString().startsWith('+PONG'));
      connection.destroy();
    });
    connection.on('error', () => {});
    connection.on('close', () => resolve(false));
  });
}
