import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { CHECKOUT } from '@spiderhub/platform';

/** The programs in Python are not built. */
const HERE = join(CHECKOUT, 'packages/testkit/src/tiny-internet');

/** Addresses of the world beyond the machine. None of them is the real one: both namespaces have no other link. */
export const WORLD = {
  public4: '203.0.113.10',
  public6: '2a00:ffff::10',
  private4: '10.77.0.10',
  private6: 'fd77::10',
  metadata: '169.254.169.254',
  dns: '10.77.0.53',
};
/** Addresses of the machine in it. */
export const MACHINE = { public4: '203.0.113.1', private4: '10.77.0.1', public6: '2a00:ffff::1' };

/** Numbers of a user and a group. */
type Who = readonly [uid: number, gid: number];

/** A machine with a network of its own, whose only neighbour is a world made for the test. */
export interface TinyInternet {
  /** Words before a command that is to run on the machine. */
  enter: string[];
  /**
   * Tries to connect to each HOST/PORT from the machine as a user and group (null: as root): `yes`, `no` when it was refused at once,
   * or `silence`.
   */
  reach(who: Who | null, targets: string[]): Record<string, 'yes' | 'no' | 'silence'>;
  /** What a name server answers somebody, null when it does not. */
  resolve(who: Who, server: string, name: string): string | null;
  /** Runs a program on the machine until the end. */
  spawn(command: string[]): ChildProcess;
  close(): void;
}

/** What the tests of the network need of this machine; null when all is there. */
export function lackOf(...tools: string[]): string | null {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return 'root on Linux';
  return tools.find((tool) => spawnSync('sh', ['-c', `command -v ${tool}`]).status !== 0) ?? null;
}

export async function tinyInternet(): Promise<TinyInternet> {
  const [machine, world] = [holdNamespace(), holdNamespace()];
  await Promise.all([machine, world].map((holder) => once(holder.stdout as NodeJS.ReadableStream, 'data')));
  const on = (holder: ChildProcess) => (command: string) =>
    execFileSync('nsenter', ['-t', String(holder.pid), '-n', ...command.split(' ')], { stdio: 'pipe' });
  const [here, there] = [on(machine), on(world)];
  here('ip link set lo up');
  there('ip link set lo up');
  here(`ip link add wan type veth peer name lan netns ${world.pid}`);
  here('ip link set wan up');
  there('ip link set lan up');
  for (const address of [
    `${MACHINE.public4}/24`,
    `${MACHINE.private4}/24`,
    `${MACHINE.public6}/64`,
    'fd77::1/64',
  ])
    here(`ip addr add ${address} dev wan ${address.includes(':') ? 'nodad' : ''}`.trim());
  for (const address of Object.values(WORLD))
    there(
      `ip addr add ${address}/${address.includes(':') ? '64' : '24'} dev lan ${address.includes(':') ? 'nodad' : ''}`.trim(),
    );
  here(`ip route add ${WORLD.metadata}/32 dev wan`);
  here('ip route add default dev wan');
  there(`ip route add default via ${MACHINE.public4} dev lan`);

  const servers = spawn(
    'nsenter',
    ['-t', String(world.pid), '-n', 'python3', join(HERE, 'world.py'), WORLD.dns],
    {
      stdio: ['pipe', 'pipe', 'inherit'],
    },
  );
  await once(servers.stdout, 'data');
  const enter = ['nsenter', '-t', String(machine.pid), '-n'];
  const started = [servers, machine, world];
  const run = (program: string, args: string[]) =>
    JSON.parse(
      execFileSync('nsenter', [...enter.slice(1), 'python3', join(HERE, program), ...args], {
        encoding: 'utf8',
      }),
    );
  return {
    enter,
    reach: (who, targets) => run('reach.py', [who?.join(':') ?? '-', ...targets]),
    resolve: (who, server, name) => run('resolve.py', [who.join(':'), server, name]),
    spawn(command) {
      const child = spawn('nsenter', [...enter.slice(1), ...command], {
        stdio: ['ignore', 'ignore', 'inherit'],
      });
      started.push(child);
      return child;
    },
    close() {
      for (const process of started) process.kill('SIGKILL');
    },
  };
}

function holdNamespace(): ChildProcess {
  return spawn('unshare', ['-n', 'sh', '-c', 'echo ready; exec sleep 3600'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
}
