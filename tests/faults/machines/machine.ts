import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, closeSync, mkdirSync, openSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { keepAlive } from '../harness/kept-alive.ts';
import { type Network, namespaceOf } from './network.ts';

const CHECKOUT = resolve(__dirname, '../../..');
/** What a machine needs to start again, ms. */
const BOOT_MS = 2000;

/** An API process or a worker with a network, a host name, processes and a disk of its own. */
export interface Machine {
  name: string;
  app: 'api' | 'worker';
  address: string;
  /** Its disk, as seen from outside. */
  disk: string;
  /** Ends that nobody here asked for, once the process had become ready. */
  crashes: string[];
  ready(): Promise<void>;
  /** The power goes, and after so long it is there again. */
  kill(downMs: number): Promise<void>;
  /** For good. */
  destroy(): Promise<void>;
}

export interface MachineOptions {
  name: string;
  app: 'api' | 'worker';
  /** Folder of the trial: each machine sees its own disk below, under one name, and nobody else's. */
  root: string;
  network: Network;
  env: (address: string, disk: string) => NodeJS.ProcessEnv;
}

/** Where every machine has its disk, as it sees it. */
export const diskIn = (root: string) => join(root, 'disk');

export function startMachine({ name, app, root, network, env }: MachineOptions): Machine {
  const address = network.plug(name);
  const disk = join(root, 'machines', name);
  for (const path of ['', 'home', 'witness']) mkdirSync(join(disk, path), { recursive: true, mode: 0o711 });
  chmodSync(join(disk, 'witness'), 0o777);
  const kept = keepAlive(name, BOOT_MS, () => {
    const log = openSync(join(root, 'logs', `${name}.log`), 'a');
    const started = spawn('ip', commandFor(name, app, root), {
      env: { ...env(address, diskIn(root)), MACHINE_DISK: disk, MACHINE_NAME: name },
      stdio: ['ignore', log, log, 'ipc'],
    });
    closeSync(log);
    return started;
  });

  async function kill(downMs: number): Promise<void> {
    const { child } = kept;
    if (!child) return;
    const gone = once(child, 'exit');
    kept.expectEnd(downMs);
    child.kill('SIGKILL');
    await gone;
  }

  return {
    name,
    app,
    address,
    disk,
    crashes: kept.crashes,
    ready: kept.ready,
    kill,
    async destroy() {
      kept.letGo();
      await kill(0);
    },
  };
}

/** The first process of the machine collects those that lose their parent; when it is killed all others are. */
function commandFor(name: string, app: string, root: string): string[] {
  const script = [
    'set -e',
    'hostname "$MACHINE_NAME"',
    `mount --bind "$MACHINE_DISK" ${diskIn(root)}`,
    `mount -t tmpfs -o mode=711 none ${join(root, 'machines')}`,
    `cd ${CHECKOUT}`,
    `${process.execPath} apps/${app}/dist/main.js & wait $!`,
  ];
  const apart = ['--mount', '--uts', '--pid', '--fork', '--mount-proc', '--kill-child'];
  return ['netns', 'exec', namespaceOf(name), 'unshare', ...apart, 'sh', '-c', script.join('\n')];
}
