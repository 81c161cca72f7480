import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { chmodSync, copyFileSync, existsSync, mkdirSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { eventually } from '@spiderhub/testkit';

/** A container engine with storage of its own; images are made of this machine's own files. */
export interface TestEngine {
  /** It runs as an ordinary user: crawls are kept apart by nothing else, and limits depend on the machine. */
  isRootless: boolean;
  /** As `CONTAINER_ENGINE`. */
  setting: string;
  /** Runs one of its commands and returns what it says. */
  run(...args: string[]): string;
  /** Makes an image of what lies below a folder. `changes`: instructions of a Dockerfile. */
  importImage(name: string, root: string, changes: string[]): void;
  close(): void;
}

/** Null where there is no Podman with runc. An ordinary user needs subordinate ones (`/etc/subuid`), too. */
export function openEngine(folder: string): TestEngine | null {
  const hasAll = ['podman', 'runc'].every((name) => spawnSync(name, ['--version']).status === 0);
  const isRootless = process.getuid?.() !== 0;
  if (!hasAll || (isRootless && spawnSync('podman', ['unshare', 'true']).status !== 0)) return null;
  const words = ['--root', join(folder, 'storage'), '--runroot', join(folder, 'state')];
  const options = [...words, '--runtime', 'runc', '--cgroup-manager', 'cgroupfs', '--events-backend', 'file'];
  if (isRootless) options.push('--storage-driver', 'vfs');
  const run = (...args: string[]) =>
    execFileSync('podman', [...options, ...args], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
  return {
    isRootless,
    setting: ['podman', ...options].join(' '),
    run,
    importImage(name, root, changes) {
      const tar = join(folder, 'image.tar');
      execFileSync('tar', ['-C', root, '-cf', tar, '.']);
      run('import', '--quiet', ...changes.flatMap((change) => ['--change', change]), tar, name);
      rmSync(tar);
    },
    close() {
      run('rm', '--force', '--all');
      // What containers of an ordinary user wrote belongs to users that only the engine can be.
      if (isRootless)
        spawnSync('podman', ['unshare', 'rm', '--recursive', '--force', join(folder, 'storage')]);
      spawnSync('umount', ['--recursive', join(folder, 'storage/overlay')]);
    },
  };
}

/** Copies programs of this machine below `root`, with the libraries that they need. */
export function copyPrograms(root: string, programs: string[]): void {
  for (const program of programs) {
    copy(program, root);
    const { stdout } = spawnSync('ldd', [realpathSync(program)], { encoding: 'utf8' });
    for (const [path] of stdout.matchAll(/\/\S+/g)) if (existsSync(path)) copy(path, root);
  }
}

function copy(path: string, root: string): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  copyFileSync(realpathSync(path), join(root, path));
}

/** What every root has, and the program that the contract names where it is a text. */
export function makeRoot(root: string, startCrawl: string | null): void {
  for (const name of ['bin', 'etc', 'dev', 'proc', 'sys', 'tmp', 'run/spiderhub', 'scrapinghub'])
    mkdirSync(join(root, name), { recursive: true });
  for (const name of ['dev/scrapinghub', 'run/spiderhub/job.json', 'run/spiderhub/settings.json'])
    writeFileSync(join(root, name), '');
  writeFileSync(join(root, 'etc/passwd'), 'root:x:0:0::/:/bin/sh\nnobody:x:65534:65534::/:/bin/sh\n');
  if (startCrawl === null) return;
  writeFileSync(join(root, 'bin/start-crawl'), startCrawl);
  chmodSync(join(root, 'bin/start-crawl'), 0o755);
}

/** A whole tree at the same place below `root`, links as they are. */
export function copyTree(from: string, root: string, leaveOut: string[] = []): void {
  const script = 'from=$1 root=$2; shift 2; tar -C / "$@" -cf - "$from" 2>/dev/null | tar -C "$root" -xf -';
  execFileSync('sh', ['-c', script, 'sh', from, root, ...leaveOut.map((name) => `--exclude=${name}`)]);
}

/** Podman's service at `docker.sock` below a folder, which speaks as Docker does. `env`: what it is told beside its settings. */
export async function startDockerApi(
  engine: TestEngine,
  folder: string,
  env: NodeJS.ProcessEnv = {},
): Promise<ChildProcess> {
  const config = join(folder, 'containers.conf');
  writeFileSync(
    config,
    '[containers]\ndefault_ulimits = ["nofile=1024:1024", "nproc=1000:1000"]\nnetns = "host"\n',
  );
  const [program = '', ...options] = engine.setting.split(' ');
  const socket = `unix://${join(folder, 'docker.sock')}`;
  const child = spawn(program, [...options, 'system', 'service', '--time', '0', socket], {
    env: { ...process.env, CONTAINERS_CONF: config, ...env },
    stdio: 'ignore',
  });
  await eventually(() => expect(existsSync(join(folder, 'docker.sock'))).toBe(true));
  return child;
}
