import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Where Linux keeps quotas of processor time: the first is version 1 of cgroups, the second version 2. */
const ROOTS = [
  {
    path: '/sys/fs/cgroup/cpu',
    set: (folder, us) => writeFileSync(join(folder, 'cpu.cfs_quota_us'), `${us}`),
  },
  {
    path: '/sys/fs/cgroup',
    set: (folder, us) => writeFileSync(join(folder, 'cpu.max'), `${us} ${PERIOD_US}`),
  },
];
/** Short, so that a capped process is a slow one and not one that stands still for a while. */
const PERIOD_US = 20_000;

/**
 * Holds each of the processes to `share` of a core, each by itself; needs root and cgroups that may be written. Returns
 * what takes the quotas away again, once the processes are gone.
 */
export function capEach(pids, share) {
  const root = ROOTS.find(({ path }) => existsSync(join(path, 'cgroup.procs')));
  if (!root) throw new Error('--quota needs cgroups (/sys/fs/cgroup)');
  const folders = pids.map((pid) => {
    const folder = join(root.path, `spiderhub-bench-${pid}`);
    mkdirSync(folder);
    if (existsSync(join(folder, 'cpu.cfs_period_us')))
      writeFileSync(join(folder, 'cpu.cfs_period_us'), `${PERIOD_US}`);
    root.set(folder, Math.round(share * PERIOD_US));
    writeFileSync(join(folder, 'cgroup.procs'), `${pid}`);
    return folder;
  });
  return () => {
    for (const folder of folders) rmdirSync(folder);
  };
}

/** The processes that `pid` has started and that still run. */
export function childrenOf(pid) {
  const all = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return all.map(Number).filter((one) => parentOf(one) === pid);
}

function parentOf(pid) {
  try {
    return Number(readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ').at(-1)?.split(' ')[1]);
  } catch {
    return undefined;
  }
}
