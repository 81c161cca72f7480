import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { boxingForTests } from './contract/boxes.ts';
import { LAUNCHER_DIR, REQUIREMENTS_PATH, requirePython } from './contract/support.ts';
import { createEnvironments, type Environments, type EnvironmentsOptions } from './environments.ts';

jest.setTimeout(300_000);

const python = requirePython();

/** Packs a package that is built by its own code, as a source distribution. */
const PACK = `
import io, json, sys, tarfile
files = json.load(sys.stdin)
with tarfile.open(sys.argv[1], 'w:gz') as archive:
    for path, text in files.items():
        info = tarfile.TarInfo('evil-1.0/' + path)
        info.size = len(text.encode())
        archive.addfile(info, io.BytesIO(text.encode()))
`;

const BACKEND = `
import ctypes, json, os, signal, socket, subprocess, sys, urllib.request, zipfile

def attempts():
    found = []
__ATTEMPTS__
    return found

def replace_interpreter():
    """As soon as the package is there, and nobody needs the right one any more."""
    import glob, time
    os.closerange(0, 1000)
    while not glob.glob(sys.prefix + '/lib/*/site-packages/evil.py'):
        time.sleep(0.001)
    os.unlink(sys.prefix + '/bin/python')
    with open(sys.prefix + '/bin/python', 'w') as file:
        file.write('#!/bin/sh\\ntouch __PWNED__')
    os.chmod(sys.prefix + '/bin/python', 0o777)
    os._exit(0)

def build_wheel(directory, config_settings=None, metadata_directory=None):
    found = attempts()
    name = 'evil-1.0-py3-none-any.whl'
    with zipfile.ZipFile(os.path.join(directory, name), 'w') as wheel:
        wheel.writestr('evil.py', 'FOUND = %r' % found)
        wheel.writestr('evil-1.0.dist-info/METADATA', 'Metadata-Version: 2.1\\nName: evil\\nVersion: 1.0\\n')
        wheel.writestr('evil-1.0.dist-info/WHEEL', 'Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n')
        wheel.writestr('evil-1.0.dist-info/RECORD', '')
    return name
`;

describe('a package that is built in a box', () => {
  let root: string;
  let environments: Environments;
  let options: EnvironmentsOptions;
  const servers: Server[] = [];
  beforeAll(async () => {
    root = mkdtempSync(join(tmpdir(), 'packages-'));
    chmodSync(root, 0o755);
    for (const name of ['outside', 'index']) mkdirSync(join(root, name));
    chmodSync(join(root, 'outside'), 0o777);
    writeFileSync(join(root, 'outside/secret'), 'secret', { mode: 0o666 });
    options = {
      basePython: python,
      envsDir: join(root, 'envs'),
      baseRequirementsPath: REQUIREMENTS_PATH,
      launcherDir: LAUNCHER_DIR,
      boxing: await boxingForTests(root),
      env: { PIP_NO_INDEX: '1', PIP_FIND_LINKS: join(root, 'index') },
    };
    environments = createEnvironments(options);
  });
  afterAll(() => {
    for (const server of servers) server.close();
    rmSync(root, { recursive: true });
  });

  /** What the build could do of what it tries: each is a piece of code that fails or does not. */
  function pack(attempts: Record<string, string>): void {
    const tries = Object.entries(attempts).map(
      ([name, code]) =>
        `    try:\n        ${code}\n        found.append(${JSON.stringify(name)})\n    except BaseException:\n        pass\n`,
    );
    const files = {
      'pyproject.toml':
        '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n[project]\nname = "evil"\nversion = "1.0"\n',
      'PKG-INFO': 'Metadata-Version: 2.1\nName: evil\nVersion: 1.0\n',
      'backend.py': BACKEND.replace('__ATTEMPTS__\n', tries.join('')).replace(
        '__PWNED__',
        join(root, 'outside/pwned'),
      ),
    };
    execFileSync(python, ['-c', PACK, join(root, 'index/evil-1.0.tar.gz')], { input: JSON.stringify(files) });
  }

  async function install(requirements: string, project = 7, lines: string[] = []): Promise<string> {
    const needs = { project, stack: null, requirements };
    const { python: own } = await environments.ensure(needs, (line) => lines.push(line));
    expect(lines.join('\n')).not.toContain(root);
    return join(own, '../..');
  }

  /** The package index as pip reads it. */
  function serveIndex(request: IncomingMessage, response: ServerResponse): void {
    const name = String(request.url).split('/').at(-1);
    if (name === 'evil-1.0.tar.gz') return void response.end(readFileSync(join(root, 'index', name)));
    response.setHeader('Content-Type', 'text/html');
    response.end('<a href="/evil-1.0.tar.gz">evil-1.0.tar.gz</a>');
  }

  async function listening(server: Server): Promise<number> {
    servers.push(server.listen(0, '127.0.0.1'));
    await once(server, 'listening');
    return (server.address() as AddressInfo).port;
  }

  const built = (environment: string) => {
    const [lib] = readdirSync(join(environment, 'lib'));
    return readFileSync(join(environment, 'lib', lib as string, 'site-packages/evil.py'), 'utf8');
  };

  it('sees nothing of the service and of the machine, and changes nothing', async () => {
    const out = join(root, 'outside');
    pack({
      'reads a file of everybody': `open(${JSON.stringify(join(out, 'secret'))}).read()`,
      'writes a file of everybody': `open(${JSON.stringify(join(out, 'pwned'))}, 'w')`,
      'reads shadow': `open('/etc/shadow').read()`,
      'lists environments': `assert len(os.listdir(${JSON.stringify(join(root, 'envs'))})) > 4`,
      'writes to the stack': `open(${JSON.stringify(join(python, '../../pwned'))}, 'w')`,
      'writes to the index': `open(${JSON.stringify(join(root, 'index/pwned'))}, 'w')`,
      'signals this test': `os.kill(${process.pid}, 0)`,
      'becomes root': `os.setuid(0); assert ${process.getuid?.() === 0}`,
      'makes a user namespace': `assert ctypes.CDLL(None).unshare(0x10000000) == 0`,
    });
    expect(built(await install('evil\n'))).toBe('FOUND = []');
    expect(readdirSync(out)).toEqual(['secret']);
    expect(existsSync(join(python, '../../pwned'))).toBe(false);
  });

  it('leaves nothing in the environment that the service or others would believe', async () => {
    // The backend runs on the environment's own Python.
    const here = 'sys.prefix';
    pack({
      interpreter: `os.fork() or replace_interpreter()`,
      base: `open(${here} + '/base', 'w').write('/root')`,
      config: `open(${here} + '/pyvenv.cfg', 'w').write('home = /nowhere')`,
      complete: `open(${here} + '/complete', 'w')`,
      link: `os.path.lexists(${here} + '/lib/root') or os.symlink('/root', ${here} + '/lib/root')`,
      open: `open(${here} + '/open', 'w'); os.chmod(${here} + '/open', 0o6777)`,
      pipe: `os.path.exists(${here} + '/pipe') or os.mkfifo(${here} + '/pipe')`,
    });
    const target = await install('evil==1.0\n', 17);
    expect(built(target)).toBe(
      "FOUND = ['interpreter', 'base', 'config', 'complete', 'link', 'open', 'pipe']",
    );
    const prefix = execFileSync(python, ['-I', '-c', 'import sys; print(sys.prefix)'], {
      encoding: 'utf8',
    }).trim();
    expect(readFileSync(join(target, 'base'), 'utf8')).toBe(prefix);
    expect(readFileSync(join(target, 'pyvenv.cfg'), 'utf8')).not.toContain('/nowhere');
    expect(realpathSync(join(target, 'bin/python'))).toBe(realpathSync(python));
    expect(readdirSync(join(target, 'lib'))).not.toContain('root');
    expect(readdirSync(target)).not.toContain('pipe');
    expect(lstatSync(join(target, 'open')).mode & 0o7777).toBe(0o755);
    const owners = (readdirSync(target, { recursive: true }) as string[]).map(
      (name) => lstatSync(join(target, name)).uid,
    );
    expect(new Set(owners)).toEqual(new Set([process.getuid?.()]));
    expect(existsSync(join(root, 'outside/pwned'))).toBe(false);
  });

  it('is ended when it never ends; what it said it was is not believed, and nothing of it lives on', async () => {
    pack({
      hide: `os.fork() or (os.setsid(), os.execv('/bin/sleep', ['sleep', '619']))`,
      complete: `open(sys.prefix + '/complete', 'w').close()`,
      fail: `sys.stdout.flush(); os.kill(os.getppid(), 9); os._exit(1)`,
    });
    const failed = await install('evil<2\n', 27).catch((error: Error) => error);
    expect((failed as Error).message).toMatch(/^requirements: /);
    expect((failed as Error).message).not.toContain(root);
    pack({});
    expect(built(await install('evil<2\n', 27))).toBe('FOUND = []');
    expect(running('sleep\u0000619')).toEqual([]);
  });

  it('has a cache of its own project', async () => {
    pack({
      cache: `assert os.path.exists(os.path.expanduser('~/mark'))`,
      mark: `open(os.path.expanduser('~/mark'), 'w')`,
    });
    expect(built(await install('evil<3\n', 8))).toBe("FOUND = ['mark']");
    expect(built(await install('evil<4\n', 9))).toBe("FOUND = ['mark']");
  });

  it('reaches the index that the operator has configured, and of this machine nothing else', async () => {
    const index = await listening(createServer(serveIndex));
    const canary = await listening(createServer((_, response) => response.end('inside')));
    const unix = join(root, 'outside/service.sock');
    const service = createServer().listen(unix);
    chmodSync(unix, 0o777);
    const proxied = (url: string) => `assert urllib.request.urlopen('${url}', timeout=3).status == 200`;
    pack({
      index: proxied(`http://localhost:${index}/evil/`),
      'another port': proxied(`http://localhost:${canary}/`),
      'the address of the index': proxied(`http://127.0.0.1:${index}/evil/`),
      metadata: proxied('http://169.254.169.254/'),
      'a private network': proxied('http://10.255.255.53:53/'),
      directly: `socket.create_connection(('127.0.0.1', ${canary}), timeout=3)`,
      'over its socket': `socket.socket(socket.AF_UNIX).connect(${JSON.stringify(unix)})`,
      'the socket of the way': `assert [name for name in os.listdir(${JSON.stringify(join(root, 'envs'))}) if 'way' in name]`,
    });
    const env = { PIP_INDEX_URL: `http://localhost:${index}/`, PIP_RETRIES: '0' };
    const { python: own } = await createEnvironments({ ...options, env }).ensure(
      { project: 47, stack: null, requirements: 'evil<6\n' },
      () => {},
    );
    expect(built(join(own, '../..'))).toBe("FOUND = ['index']");
    expect(readdirSync(join(root, 'envs')).filter((name) => name.includes('way'))).toEqual([]);
    service.close();
  });

  it('is not built at all where only wheels are taken', async () => {
    pack({});
    const strict = createEnvironments({ ...options, wheelsOnly: true });
    const refused = strict.ensure({ project: 37, stack: null, requirements: 'evil<5\n' }, () => {});
    await expect(refused).rejects.toThrow('No matching distribution found for evil<5');
  });
});

function running(text: string): string[] {
  return readdirSync('/proc').filter((name) => {
    try {
      return /^\d+$/.test(name) && readFileSync(`/proc/${name}/cmdline`, 'latin1').includes(text);
    } catch {
      return false;
    }
  });
}
