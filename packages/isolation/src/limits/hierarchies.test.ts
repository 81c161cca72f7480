import { findHierarchies } from './hierarchies.ts';

const HYBRID = {
  cgroup: '9:name=systemd:/\n8:pids:/\n4:memory:/jail/a b\n1:cpu,cpuacct:/\n0::/user.slice\n',
  mountinfo: [
    '26 25 0:22 / /sys/fs/cgroup/cpu,cpuacct rw,relatime - cgroup cgroup rw,cpu,cpuacct',
    '27 25 0:23 / /sys/fs/cgroup/memory rw,relatime shared:7 - cgroup cgroup rw,memory',
    '28 25 0:24 /jail /sys/fs/cgroup/pids rw - cgroup cgroup rw,pids',
    '29 25 0:25 / /sys/fs/cgroup/uni\\040fied rw - cgroup2 cgroup2 rw,nsdelegate',
    '30 25 0:26 / / rw - ext4 /dev/root rw',
  ].join('\n'),
};

describe('findHierarchies', () => {
  it("finds this process's place in each tree of v1 and in that of v2", () => {
    const { v1, v2 } = findHierarchies(HYBRID);
    expect([...v1]).toEqual([
      ['memory', { version: 1, top: '/sys/fs/cgroup/memory', own: '/sys/fs/cgroup/memory/jail/a b' }],
      ['cpu', { version: 1, top: '/sys/fs/cgroup/cpu,cpuacct', own: '/sys/fs/cgroup/cpu,cpuacct' }],
    ]);
    expect(v2).toEqual({
      version: 2,
      top: '/sys/fs/cgroup/uni fied',
      own: '/sys/fs/cgroup/uni fied/user.slice',
    });
  });

  it('takes a part of a tree that is mounted for the whole, and leaves out what lies beside it', () => {
    const inside = { ...HYBRID, cgroup: '8:pids:/jail/me\n' };
    expect(findHierarchies(inside).v1.get('pids')?.own).toBe('/sys/fs/cgroup/pids/me');
    expect(findHierarchies({ ...HYBRID, cgroup: '8:pids:/jailor\n' }).v1.size).toBe(0);
  });

  it('finds nothing where nothing is mounted', () => {
    expect(findHierarchies({ cgroup: HYBRID.cgroup, mountinfo: '' })).toEqual({ v1: new Map(), v2: null });
  });
});
