import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** What a container sees: folders and files of this machine at places of their own. Nothing else is there. */
export interface Image {
  /** The root of its files; without it an empty one. */
  root?: string;
  /** Folders of this machine that it has at the same place, read-only. */
  folders?: string[];
  env?: Record<string, string>;
}

export interface ContainerPlan {
  name: string;
  image: Image;
  command: string[];
  env: Record<string, string>;
  user: number;
  groups: number[];
  cwd: string;
  mounts: { from: string; to: string; readOnly: boolean }[];
  memoryBytes: number | null;
  /** What it says goes here. */
  log: string;
}

export interface Container {
  /** Sends process 1 a signal: without a handler it only dies of SIGKILL, as in a cluster. */
  signal(name: 'SIGTERM' | 'SIGKILL'): void;
  readonly ended: Promise<{ exitCode: number; oomKilled: boolean }>;
}

const GROUPS = '/sys/fs/cgroup/memory';
/** Control groups of memory, which only the old kind of them has at this place. */
export const canLimitMemory = existsSync(join(GROUPS, 'memory.limit_in_bytes'));

/** Makes a root of its own, read-only but for its volumes, and becomes process 1 of the container with the rights of its user. */
const SCRIPT = `set -e
echo 500 >/proc/self/oom_score_adj
root=$1 user=$2 groups=$3 cwd=$4; shift 4
mount --make-rprivate /
mount -t tmpfs tmpfs "$root"
while [ "$1" != -- ]; do
  from=$1 to=$2 mode=$3; shift 3
  mkdir -p "$root$to"
  mount --bind "$from" "$root$to"
  [ $mode = rw ] || mount -o remount,bind,ro "$root$to"
done
shift
mkdir -p "$root/proc" "$root/dev"
mount -t proc proc "$root/proc"
for name in null zero urandom random; do : >"$root/dev/$name"; mount --bind /dev/$name "$root/dev/$name"; done
mkdir -p "$root/dev/shm"
mount -o remount,ro "$root"
exec setpriv --no-new-privs /usr/sbin/chroot --userspec=$user:$user --groups=$groups "$root" /bin/sh -c 'cd "$0"; exec "$@"' "$cwd" "$@"`;

/** Runs what a kubelet would hand to an engine. Needs root. */
export function runContainer(plan: ContainerPlan, folder: string): Container {
  const root = join(folder, 'root');
  mkdirSync(root, { recursive: true });
  const group = plan.memoryBytes !== null && canLimitMemory ? makeGroup(plan.name, plan.memoryBytes) : null;
  const own = plan.image.root ? topOf(plan.image.root) : [];
  const shared = (plan.image.folders ?? []).map((path) => [path, path]);
  const mounts = [
    ...[...own, ...shared].flatMap(([from = '', to = '']) => [from, to, 'ro']),
    ...plan.mounts.flatMap(({ from, to, readOnly }) => [from, to, readOnly ? 'ro' : 'rw']),
  ];
  const words = [root, String(plan.user), plan.groups.join(','), plan.cwd, ...mounts, '--', ...plan.command];
  // The shell joins the group before there is anything of the container.
  const enter = group ? `echo $$ >${group}/cgroup.procs; ` : '';
  const program = [
    'unshare',
    '--mount',
    '--pid',
    '--ipc',
    '--uts',
    '--fork',
    '--kill-child=SIGKILL',
    'sh',
    '-c',
    SCRIPT,
    'sh',
    ...words,
  ];
  const child = spawn('sh', ['-c', `${enter}exec "$@" >>${plan.log} 2>&1 </dev/null`, 'sh', ...program], {
    env: { PATH: '/usr/local/bin:/usr/bin:/bin', ...plan.image.env, ...plan.env },
    stdio: 'ignore',
  });
  let isKilled = false;
  return {
    signal(name) {
      const first = firstProcess(child);
      if (first) process.kill(first, name);
      isKilled ||= first !== null && name === 'SIGKILL';
    },
    // `unshare` says 1 of a process 1 that was killed; engines say by what.
    ended: endOf(child, group).then((end) => (isKilled ? { ...end, exitCode: 137 } : end)),
  };
}

async function endOf(
  child: ChildProcess,
  group: string | null,
): Promise<{ exitCode: number; oomKilled: boolean }> {
  const exitCode = await new Promise<number>((resolve) =>
    child.once('exit', (code, signal) => resolve(code ?? (signal === 'SIGKILL' ? 137 : 143))),
  );
  const said = group ? readFileSync(join(group, 'memory.oom_control'), 'utf8') : '';
  if (group) await removeGroup(group);
  return { exitCode, oomKilled: Number(/oom_kill (\d+)/.exec(said)?.[1] ?? 0) > 0 };
}

/** Its last process may have ended a moment ago. */
async function removeGroup(group: string): Promise<void> {
  for (let tries = 0; tries < 100; tries += 1) {
    try {
      rmdirSync(group);
      return;
    } catch {
      await sleep(20);
    }
  }
}

/** Process 1 of the container, by its number outside; null while there is none, or no more. */
function firstProcess({ pid }: ChildProcess): number | null {
  try {
    return Number(readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ')[0]) || null;
  } catch {
    return null;
  }
}

function makeGroup(name: string, memoryBytes: number): string {
  const group = join(GROUPS, `kubelet-double-${name}`);
  mkdirSync(group, { recursive: true });
  writeFileSync(join(group, 'memory.limit_in_bytes'), String(memoryBytes));
  return group;
}

function topOf(root: string): string[][] {
  return ['bin', 'usr', 'lib', 'lib64', 'etc']
    .filter((name) => existsSync(join(root, name)))
    .map((name) => [join(root, name), `/${name}`]);
}
