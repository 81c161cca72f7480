import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { DomainError, EggContents } from '@spiderhub/core';
import type { Boxing } from '@spiderhub/isolation';
import { boxingForTests } from './contract/boxes.ts';
import { LAUNCHER_DIR, REQUIREMENTS_PATH, requirePython } from './contract/support.ts';
import { createEnvironments } from './environments.ts';
import { createEggInspector } from './inspect-egg.ts';

jest.setTimeout(300_000);

const python = requirePython();
const SETTINGS = "SPIDER_MODULES = ['shop.spiders']\n";
const SPIDER = "import scrapy\n\n\nclass A(scrapy.Spider):\n    name = 'a'\n";
const FOUND =
  "import scrapy\nfrom shop.settings import found\n\nfor name in found or ['nothing']:\n    globals()['S%d' % hash(name)] = type('S', (scrapy.Spider,), {'name': name, '__module__': __name__})\n";

/** Files of an egg, written by Python as those who pack eggs do. */
const PACK = `
import json, sys, zipfile
with zipfile.ZipFile(sys.argv[1], 'w') as egg:
    for path, text in json.load(sys.stdin).items():
        egg.writestr(path, text)
`;

describe('a project that is listed in a box', () => {
  let root: string;
  let boxing: Boxing;
  let listener: Server;
  beforeAll(async () => {
    root = mkdtempSync(join(tmpdir(), 'hostile-'));
    boxing = await boxingForTests(root);
    // Whoever sees this folder may write to it.
    mkdirSync(join(root, 'outside'));
    chmodSync(join(root, 'outside'), 0o777);
    chmodSync(root, 0o755);
    writeFileSync(join(root, 'outside/secret'), 'secret', { mode: 0o666 });
    listener = createServer().listen(0, '127.0.0.1');
    await once(listener, 'listening');
  });
  afterAll(() => {
    listener.close();
    rmSync(root, { recursive: true });
  });

  async function inspect(files: Record<string, string>, timeoutMs = 120_000): Promise<EggContents> {
    const eggPath = join(root, 'project.egg');
    const all = {
      'EGG-INFO/entry_points.txt': '[scrapy]\nsettings = shop.settings\n',
      'shop/__init__.py': '',
      'shop/spiders/__init__.py': '',
      'shop/spiders/all.py': SPIDER,
      'shop/settings.py': SETTINGS,
      ...files,
    };
    execFileSync(python, ['-c', PACK, eggPath], { input: JSON.stringify(all) });
    const environments = createEnvironments({
      basePython: python,
      envsDir: join(root, 'envs'),
      baseRequirementsPath: REQUIREMENTS_PATH,
      launcherDir: LAUNCHER_DIR,
      boxing,
    });
    const inspector = createEggInspector({
      environments,
      boxing,
      launcherDir: LAUNCHER_DIR,
      workDir: join(root, 'work'),
      timeoutMs,
    });
    const egg = { project: 7, eggPath, extraEggPaths: [], requirements: null, stack: null };
    return inspector
      .inspect(egg, () => {})
      .finally(() => expect(readdirSync(join(root, 'work'))).toEqual([]));
  }

  /** What its settings module could do of what it tried: each line of `attempts` is an expression that fails or does not. */
  async function couldDo(attempts: Record<string, string>): Promise<string[]> {
    const tries = Object.entries(attempts).map(
      ([name, code]) =>
        `try:\n    ${code}\n    found.append(${JSON.stringify(name)})\nexcept BaseException:\n    pass\n`,
    );
    const settings = `import ctypes, os, signal, socket, subprocess, sys\nfound = []\n${tries.join('')}\n${SETTINGS}`;
    return (await inspect({ 'shop/settings.py': settings, 'shop/spiders/all.py': FOUND })).spiders;
  }

  const quoted = (path: string) => JSON.stringify(path);

  it('sees nothing of the service and of the machine, and changes nothing', async () => {
    const out = join(root, 'outside');
    expect(
      await couldDo({
        'reads a file of everybody': `open(${quoted(join(out, 'secret'))}).read()`,
        'writes a file of everybody': `open(${quoted(join(out, 'pwned'))}, 'w')`,
        'reads shadow': `open('/etc/shadow').read()`,
        'finds users of the machine': `assert len(open('/etc/passwd').readlines()) > 3`,
        'lists the folder of inspections': `assert os.listdir(${quoted(join(root, 'work'))}) != [os.environ['HOME'].split('/')[-2]]`,
        'lists the folder of this test': `assert len(os.listdir(${quoted(root)})) > 1`,
        'reads tests': `open(${quoted(__filename)}).read()`,
        'writes to the launcher': `open(${quoted(join(LAUNCHER_DIR, 'pwned.py'))}, 'w')`,
        'writes to the stack': `open(os.path.join(sys.prefix, 'pwned'), 'w')`,
        'writes to its egg': `open(os.path.join(os.path.dirname(__file__), 'pwned.py'), 'w')`,
        'makes its egg writable': `os.chmod(os.path.dirname(__file__), 0o777); open(os.path.join(os.path.dirname(__file__), 'x'), 'w')`,
        'sees another process': `assert [p for p in os.listdir('/proc') if p.isdigit() and int(p) > 20]`,
        'reads the first process': `open('/proc/1/environ').read()`,
        'ends whoever runs it': `os.kill(1, signal.SIGKILL); assert False`,
        'signals this test': `os.kill(${process.pid}, 0)`,
        'reaches loopback': `socket.create_connection(('127.0.0.1', ${(listener.address() as AddressInfo).port}), 2)`,
        'reaches a name': `socket.getaddrinfo('example.com', 443)`,
        'becomes root': `os.setuid(0); assert ${process.getuid?.() === 0}`,
        mounts: `assert ctypes.CDLL(None).mount(b'x', b'/tmp', b'tmpfs', 0, None) == 0`,
        'makes a user namespace': `assert ctypes.CDLL(None).unshare(0x10000000) == 0`,
        'has rights': `assert int([l for l in open('/proc/self/status') if l.startswith('CapBnd')][0].split()[1], 16)`,
        'has descriptors of others': `assert [n for n in os.listdir('/proc/self/fd') if int(n) > 4]`,
        'has secrets in its environment': `assert [n for n in os.environ if 'DATABASE' in n or 'REDIS' in n or 'SECRET' in n]`,
      }),
    ).toEqual(['nothing']);
    expect(readdirSync(out)).toEqual(['secret']);
    expect(readFileSync(join(out, 'secret'), 'utf8')).toBe('secret');
    expect(existsSync(join(LAUNCHER_DIR, 'pwned.py'))).toBe(false);
  });

  it('can do what an honest one does: run programs, write to its home, to /tmp and to /dev/shm', async () => {
    expect(
      await couldDo({
        program: `assert subprocess.check_output(['id', '-un']) == b'crawl\\n'`,
        home: `open(os.path.expanduser('~/file'), 'w').write('x')`,
        tmp: `open('/tmp/file2', 'w').write('x')`,
        memory: `open('/dev/shm/file', 'w').write('x')`,
        fork: `assert os.waitpid(os.fork() or os._exit(0), 0)[1] == 0`,
      }),
    ).toEqual(['fork', 'home', 'memory', 'program', 'tmp']);
  });

  it.each([
    [
      'ends its process',
      'import os\nos._exit(0)',
      'the project ended its process before its spiders were listed',
    ],
    [
      'ends its process like a box that is not there',
      'import os\nos._exit(126)',
      "There is no box for the project's code",
    ],
    ['closes all descriptors', 'import os\nos.closerange(0, 1000)', 'the project cannot be imported'],
    [
      'kills itself',
      'import os\nos.kill(os.getpid(), 9)',
      'the project cannot be imported\nit was killed (SIGKILL)',
    ],
    ['kills all that it sees', 'import os\nos.kill(-1, 9)\nos.abort()', 'the project cannot be imported'],
    [
      'breaks its interpreter',
      'import ctypes\nctypes.string_at(0)',
      'the project cannot be imported\nit was ended by SIGSEGV',
    ],
    ['takes too much memory', 'x = bytearray(4 << 30)', 'MemoryError'],
    ['exits with words', 'import sys\nsys.exit("I do not want to")', 'I do not want to'],
    ['exits without words', 'import sys\nsys.exit(3)', 'it ended with exit code 3 and said nothing'],
    ['says it is listed', 'import os\nos.write(3, b"{}")\nos._exit(0)', 'the spiders cannot be listed'],
  ])('that %s gets a clear answer', async (_, code, words) => {
    const refused = await inspect({ 'shop/settings.py': `${code}\n` }).catch((error: DomainError) => error);
    expect((refused as DomainError).message).toContain(words);
    for (const path of [root, python, dirname(LAUNCHER_DIR)])
      expect((refused as DomainError).message).not.toContain(path);
  });

  it('may print a gigabyte', async () => {
    const print = 'import sys\nfor _ in range(1024):\n    sys.stdout.buffer.write(b"x" * (1 << 20))\n';
    expect((await inspect({ 'shop/settings.py': print + SETTINGS })).spiders).toEqual(['a']);
  });

  it('is ended when it never ends, with all that it has hidden, and when it fills the disk', async () => {
    const hide =
      'import os\nif os.fork() == 0:\n    os.setsid()\n    if os.fork() == 0:\n        os.execv("/bin/sleep", ["sleep", "617"])\n    os._exit(0)\n';
    await expect(inspect({ 'shop/settings.py': `${hide}while True:\n    pass\n` }, 5000)).rejects.toThrow(
      'took more than 5 s',
    );
    expect((await inspect({ 'shop/settings.py': hide + SETTINGS })).spiders).toEqual(['a']);
    expect(running('sleep\u0000617')).toEqual([]);
    const fill =
      'import os, time\nfor n in range(20):\n    open(os.path.expanduser("~/%d" % n), "wb").write(b"x" * (60 << 20))\ntime.sleep(600)\n';
    await expect(inspect({ 'shop/settings.py': fill })).rejects.toThrow(/wrote more than 512 MB to disk$/);
  });

  it('leaves a home that is cleared away, whatever modes it has', async () => {
    const close =
      'import os\nos.makedirs(os.path.expanduser("~/a/b/c"))\nos.chmod(os.path.expanduser("~/a/b"), 0)\nos.chmod(os.path.expanduser("~/a"), 0)\n';
    const outcome = await inspect({ 'shop/settings.py': close + SETTINGS }).then(
      ({ spiders }) => spiders,
      (error: Error) => error.message,
    );
    // An ordinary user cannot look into these folders either: who watches the disk says so, if it looks in time.
    expect([['a'], 'egg: importing the project made a folder that cannot be looked into']).toContainEqual(
      outcome,
    );
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
