import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { type BoxDescription, openLimits } from '@spiderhub/isolation';
import { LAUNCHER_DIR, requirePython } from './contract/support.ts';
import { runInBox } from './run-in-box.ts';

const asRoot = process.getuid?.() === 0;
const UID = asRoot ? 200_007 : null;

describe('a program in a box', () => {
  let root: string;
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'in-box-'));
    for (const name of ['home', 'tmp', 'secret']) mkdirSync(join(root, name), { mode: 0o700 });
  });
  afterEach(() => rmSync(root, { recursive: true }));

  function sh(script: string, more: Partial<BoxDescription> = {}, timeoutMs = 30_000) {
    const box: BoxDescription = {
      level: 'box',
      uid: UID,
      gid: UID,
      userns: !asRoot,
      readonly: [],
      writable: [join(root, 'home'), join(root, 'tmp')],
      owned: [],
      tmp: join(root, 'tmp'),
      files: { '/etc/own': 'text' },
      shmBytes: 2 ** 20,
      cgroups: [],
      rlimits: { RLIMIT_NOFILE: 77 },
      network: { kind: 'none' },
      seccomp: 'default',
      ...more,
    };
    const program = { argv: ['/bin/sh', '-c', script], env: { MINE: '1', PATH: '/usr/bin:/bin' } };
    const options = { python: requirePython(), launcherDir: LAUNCHER_DIR, directory: root, timeoutMs };
    return runInBox({ ...program, cwd: join(root, 'home'), box }, options);
  }

  it('has its exit code, its result and its output, and leaves no description behind', async () => {
    const run = await sh('echo "$MINE $(pwd)"; echo result >&3; exit 7');
    expect(run).toMatchObject({ code: 7, timedOut: false, tail: `1 ${root}/home` });
    expect(run.result.toString()).toBe('result\n');
    expect(readdirSync(root).sort()).toEqual(['home', 'secret', 'tmp']);
    expect((await sh('kill -SEGV $$')).code).toBe(139);
  });

  it('may use what its limits allow, and leaves no control group behind', async () => {
    const unit = { memoryMb: 64, processes: 10, diskMb: 4, cpus: 0 };
    const limiting = await openLimits({ unit, home: root });
    const limited = async (script: string) => {
      const limits = await limiting.ofProgram({ ownUsers: !asRoot });
      const { code, tail } = await sh(script, limits);
      expect(limits.cgroups.filter((group) => existsSync(group))).toEqual([]);
      return { code, tail };
    };
    expect((await limited('head -c 400000000 /dev/zero | tail -n 1 | wc -c')).tail).not.toContain(
      '400000000',
    );
    const bomb = await limited('for i in $(seq 60); do sleep 5 & done; wait; echo all started');
    expect(bomb.tail).toMatch(/[Cc]annot fork|fork: /);
    const fill = await limited('head -c 20000000 /dev/zero > large; wc -c < large');
    expect(fill.tail).toContain(String(2 * unit.diskMb * 2 ** 20));
    await limiting.close();
  });

  it('sees what it was given, and nothing else', async () => {
    // One pipe for both outputs: of two, the order is not kept.
    const look = `exec 2>&1; ls ${root} / ${dirname(LAUNCHER_DIR)}; cat /etc/own; ls -d /proc/[0-9]* | wc -l; ulimit -n; cat /proc/net/dev`;
    const { tail } = await sh(look);
    expect(tail).toContain(`${root}:\nhome\ntmp\n`);
    expect(tail).toContain(`cannot access '${dirname(LAUNCHER_DIR)}'`);
    expect(tail).toMatch(/\nbin\ndev\netc\n(lib\w*\n)+proc\nrun\nsbin\ntmp\nusr\nvar\n/);
    expect(tail).toMatch(/\ntext(3|4|5)\n77\n/);
    expect(tail.match(/^ *\w+:/gm)).toEqual(
      expect.not.arrayContaining([expect.stringMatching(/eth|ens|enp/)]),
    );
  });

  it('has no rights, and cannot look into the first process of its box', async () => {
    const { tail } = await sh(
      `exec 2>&1; id -u; grep -E '^(Cap|NoNew|Seccomp:)' /proc/self/status; cat /proc/1/environ; ls /proc/1/root /proc/1/fd;
       mount -t tmpfs x /tmp; unshare -U true; touch /usr/x /etc/x /x; kill -9 1; echo alive`,
    );
    expect(tail.split('\n')[0]).toBe(String(UID ?? process.getuid?.()));
    expect(tail.match(/^Cap\w+:\t0{16}$/gm)).toHaveLength(5);
    expect(tail).toMatch(/NoNewPrivs:\t1\nSeccomp:\t2/);
    expect(
      tail.match(/Permission denied|Operation not permitted|Read-only file system/g)?.length,
    ).toBeGreaterThanOrEqual(7);
    expect(tail).toMatch(/alive$/);
  });

  it('writes to its folders as its user, and to no other place', async () => {
    expect((await sh('echo x > file; echo x > /tmp/file; ls /tmp/file')).code).toBe(0);
    for (const name of ['home/file', 'tmp/file'])
      expect(statSync(join(root, name)).uid).toBe(UID ?? process.getuid?.());
    expect(
      (await sh(`echo x > file`, { writable: [join(root, 'tmp')], readonly: [join(root, 'home')] })).code,
    ).not.toBe(0);
  });

  it('ends with all that it started, also what hides, when it ends itself and when its time is over', async () => {
    const run = await sh('setsid sh -c "sleep 615 & sleep 615" >/dev/null 2>&1 & sleep 0.1');
    expect(run).toMatchObject({ code: 0, timedOut: false });
    expect(await sh('trap "" TERM; sleep 615 & sleep 615', {}, 500)).toMatchObject({ timedOut: true });
    expect(runningWith('sleep\u0000615')).toEqual([]);
  });

  it('is not run at all where there can be no such box, and says why', async () => {
    const run = await sh('echo ran', { readonly: [join(root, 'missing')] });
    expect(run).toMatchObject({ code: 126, tail: `showing ${root}/missing: No such file or directory` });
  });
});

function runningWith(text: string): string[] {
  return readdirSync('/proc').filter((name) => {
    try {
      return /^\d+$/.test(name) && readFileSync(`/proc/${name}/cmdline`, 'latin1').includes(text);
    } catch {
      return false;
    }
  });
}
