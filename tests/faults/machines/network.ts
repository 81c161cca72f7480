import { spawnSync } from 'node:child_process';

/** A bridge of this machine, and behind it as many machines as are asked for, each a network namespace. */
export interface Network {
  /** Address of this machine there: where Postgres, Valkey and S3 listen. */
  hub: string;
  /** Makes the namespace of a machine, and returns its address. */
  plug(name: string): string;
  /** Its cable is pulled out, and put in again. */
  cut(name: string): void;
  mend(name: string): void;
  remove(): void;
}

const BRIDGE = 'shbridge';
const NET = '10.213.77';

/** Null, with the reason, where the kernel or our rights do not allow it. */
export function lackOfNamespaces(): string | null {
  if (process.getuid?.() !== 0) return 'only root can make network namespaces';
  const probe = spawnSync('unshare', ['--net', '--mount', '--uts', '--pid', '--fork', 'ip', 'link'], {
    encoding: 'utf8',
  });
  return probe.status === 0 ? null : `no namespaces here: ${probe.stderr || String(probe.error)}`;
}

export function createNetwork(): Network {
  const names: string[] = [];
  const ip = (...args: string[]) => run('ip', args);

  function remove(): void {
    for (const name of names) spawnSync('ip', ['netns', 'del', namespaceOf(name)]);
    spawnSync('ip', ['link', 'del', BRIDGE]);
  }

  spawnSync('ip', ['link', 'del', BRIDGE]);
  ip('link', 'add', BRIDGE, 'type', 'bridge');
  ip('addr', 'add', `${NET}.1/24`, 'dev', BRIDGE);
  ip('link', 'set', BRIDGE, 'up');
  return {
    hub: `${NET}.1`,
    plug(name) {
      names.push(name);
      const address = `${NET}.${10 + names.length}`;
      const space = namespaceOf(name);
      spawnSync('ip', ['netns', 'del', space]);
      ip('netns', 'add', space);
      ip('link', 'add', cableOf(name), 'type', 'veth', 'peer', 'name', 'eth0', 'netns', space);
      ip('link', 'set', cableOf(name), 'master', BRIDGE, 'up');
      ip('-n', space, 'addr', 'add', `${address}/24`, 'dev', 'eth0');
      ip('-n', space, 'link', 'set', 'eth0', 'up');
      ip('-n', space, 'link', 'set', 'lo', 'up');
      return address;
    },
    cut: (name) => ip('link', 'set', cableOf(name), 'down'),
    mend: (name) => ip('link', 'set', cableOf(name), 'up'),
    remove,
  };
}

export function namespaceOf(name: string): string {
  return `spiderhub-${name}`;
}

function cableOf(name: string): string {
  return `sh-${name}`;
}

function run(program: string, args: string[]): void {
  const { status, stderr } = spawnSync(program, args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${program} ${args.join(' ')}: ${stderr}`);
}
