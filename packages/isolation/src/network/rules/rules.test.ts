import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { parseDestination } from '@spiderhub/core';
import { eventually, lackOf, MACHINE, type TinyInternet, tinyInternet, WORLD } from '@spiderhub/testkit';
import type { Policy } from '../policy.ts';
import { createNft, type Nft } from './nft.ts';
import { createRules, type Rules } from './rules.ts';

const lack = lackOf('nft', 'ip', 'ss', 'unshare', 'nsenter', 'python3');
const uidOf = (project: number) => 200_000 + project;

const AS =
  'import os, socket, sys; uid, gid, host, port = sys.argv[1:5]; import encodings.idna; os.setgroups([]); os.setresgid(*[int(gid)] * 3); os.setresuid(*[int(uid)] * 3); port = int(port)';
const LISTEN = `
${AS}
server = socket.create_server((host, port), family=socket.AF_INET6, dualstack_ipv6=True) if ':' in host else socket.create_server((host, port))
while True:
    connection, _ = server.accept()
    connection.sendall(b'hello')
    connection.recv(1)
    connection.sendall(b'hello' * 20_000)
    connection.close()
`;
const HEAR = `
${AS}
try:
    source = ('::1' if ':' in host else '127.0.0.1', int(sys.argv[5]))
    with socket.socket(socket.AF_INET6 if ':' in host else socket.AF_INET) as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        client.bind(source)
        client.settimeout(4)
        client.connect((host, port))
        print(client.recv(5).decode(), flush=True)
        sys.stdin.readline()
        client.send(b'x')
        with client.makefile() as file: print(len(file.read()), end='')
except OSError as error:
    print('nothing', end='')
`;
/** Data in the first packet, for a service that takes such, and what arrives there. */
const EARLY = `
import os, socket, subprocess, sys
with open('/proc/sys/net/ipv4/tcp_fastopen', 'w') as file: file.write('519')
uid, gid, family, host = int(sys.argv[1]), int(sys.argv[2]), getattr(socket, sys.argv[3]), sys.argv[4]
with socket.socket(family) as server:
    server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    server.bind((host, 9518))
    server.setsockopt(socket.IPPROTO_TCP, socket.TCP_FASTOPEN, 5)
    server.listen()
    server.settimeout(2)
    pid = os.fork()
    if pid == 0:
        os.setgroups([]); os.setresgid(gid, gid, gid); os.setresuid(uid, uid, uid)
        client = socket.socket(family)
        client.settimeout(2)
        try: client.sendto(b'set a password', socket.MSG_FASTOPEN, (host, 9518))
        except OSError: pass
        os._exit(0)
    try: print(server.accept()[0].recv(100).decode() or 'nothing', end='')
    except OSError: print('nothing', end='')
    os.waitpid(pid, 0)
`;
const HEARD = 'hello\n100000';
const given = (texts: string[]) => texts.map((text) => parseDestination('allow', text));
const policyOf = (seven: string[], everyone: string[] = []): Policy => ({
  everyone: given(everyone),
  resolvers: [WORLD.dns, '127.0.0.53'],
  projects: new Map([[7, given(seven)]]),
});

(lack ? describe.skip : describe)(`rules about crawls${lack ? ` (needs ${lack})` : ''}`, () => {
  let net: TinyInternet;
  let folder: string;
  let nft: Nft;
  const loaded: Rules[] = [];

  beforeAll(async () => {
    net = await tinyInternet();
    folder = mkdtempSync(join(tmpdir(), 'rules-'));
    // The machine's own rules are not touched: this nft is that of the namespace.
    const program = join(folder, 'nft');
    writeFileSync(program, `#!/bin/sh\nexec ${net.enter.join(' ')} nft "$@"\n`);
    chmodSync(program, 0o755);
    nft = createNft(program);
    for (const home of ['one', 'two']) mkdirSync(join(folder, home));
  });
  afterEach(async () => {
    for (const rules of loaded.splice(0)) await rules.remove();
  });
  afterAll(() => {
    net?.close();
    rmSync(folder, { recursive: true });
  });

  async function load(policy: Policy, home = 'one'): Promise<Rules> {
    const rules = await createRules({ nft, home: join(folder, home), uidOf, policy });
    loaded.push(rules);
    return rules;
  }

  const crawlOf = ({ gid }: Rules, project: number) => [uidOf(project), gid] as const;
  const openTo = (who: Parameters<TinyInternet['reach']>[0], targets: string[]) =>
    Object.entries(net.reach(who, targets)).flatMap(([target, came]) => (came === 'yes' ? [target] : []));
  const ruleset = () =>
    execFileSync('sh', ['-c', `${net.enter.join(' ')} nft list ruleset`], { encoding: 'utf8' });

  const world = (port: number) => Object.values(WORLD).map((address) => `${address}/${port}`);
  const publics = (port: number) => [WORLD.public4, WORLD.public6].map((address) => `${address}/${port}`);

  it('let a crawl reach public addresses, and nothing else of the world', async () => {
    const rules = await load(policyOf([]));
    const came = net.reach(crawlOf(rules, 7), [...world(80), ...world(8080)]);
    expect(Object.keys(came).filter((target) => came[target] === 'yes')).toEqual([
      ...publics(80),
      ...publics(8080),
    ]);
    // It is told at once.
    expect(Object.values(came)).not.toContain('silence');
    expect(openTo(null, world(80)).length).toBe(world(80).length);
  });
  it('keep it from the machine itself, by whatever address or form', async () => {
    const forms = [
      '127.0.0.1',
      '127.9.9.9',
      '0.0.0.0',
      '::',
      '::1',
      '::ffff:127.0.0.1',
      '2130706433',
      '0x7f.1',
    ];
    const targets = [...forms, 'localhost', ...Object.values(MACHINE)].map((host) => `${host}/6379`);
    const server = net.spawn(['python3', '-m', 'http.server', '6379', '--bind', '::']);
    try {
      await eventually(() => expect(openTo(null, targets)).toEqual(targets));
      const rules = await load(policyOf([]));
      expect(openTo(crawlOf(rules, 7), targets)).toEqual([]);
      await rules.change(policyOf([], ['127.0.0.1:6379']));
      const loopback = ['127.0.0.1', '0.0.0.0', '::ffff:127.0.0.1', '2130706433', '0x7f.1', 'localhost'];
      expect(openTo(crawlOf(rules, 7), targets)).toEqual(loopback.map((host) => `${host}/6379`));
    } finally {
      server.kill('SIGKILL');
    }
  });

  it('let a project reach what it is allowed, at once and no longer, and no other project', async () => {
    const rules = await load(policyOf([`${WORLD.private4}:80`, `[${WORLD.private6}]:8000-8090`]));
    const [seven, eight] = [crawlOf(rules, 7), crawlOf(rules, 8)];
    const wanted = [`${WORLD.private4}/80`, `${WORLD.private6}/8080`];
    const others = [`${WORLD.private4}/8080`, `${WORLD.private6}/80`, `${WORLD.metadata}/80`];
    expect(openTo(seven, [...wanted, ...others])).toEqual(wanted);
    expect(openTo(eight, [...wanted, ...others])).toEqual([]);
    await rules.change(policyOf(['10.0.0.0/8:8080']));
    expect(openTo(seven, [...wanted, ...others])).toEqual([`${WORLD.private4}/8080`]);
  });

  describe('on loopback', () => {
    /** Says hello to whoever comes, as a user and group of the machine. */
    function listen([uid, gid]: readonly [number, number], host: string, port: number) {
      return net.spawn(['python3', '-I', '-c', LISTEN, `${uid}`, `${gid}`, host, `${port}`]);
    }
    const hearing = (who: readonly [number, number] | null, host: string, port: number, from = 0) => {
      const args = [...(who ?? [0, 0]), host, port, from].map(String);
      return ['python3', '-I', '-c', HEAR, ...args];
    };
    const hears = (...args: Parameters<typeof hearing>) =>
      execFileSync('nsenter', [...net.enter.slice(1), ...hearing(...args)], {
        encoding: 'utf8',
        input: '\n',
      });
    async function listening(who: readonly [number, number], host: string, port: number) {
      const server = listen(who, host, port);
      await eventually(() => expect(listeners(port)).toContain(String(port)));
      return server;
    }
    const listeners = (port: number) =>
      execFileSync('sh', ['-c', `${net.enter.join(' ')} ss -Hltn sport = :${port}`], { encoding: 'utf8' });

    it.each([
      ['127.0.0.1', '127.0.0.1'],
      ['::1', '::1'],
      ['::', '127.0.0.1'],
    ])('lead a crawl to what its own project has at %s, and nobody else', async (at, host) => {
      const rules = await load(policyOf([]));
      const [seven, eight] = [crawlOf(rules, 7), crawlOf(rules, 8)];
      const server = await listening(seven, at, 9515);
      expect(hears(seven, host, 9515)).toBe(HEARD);
      expect(hears(eight, host, 9515)).toBe('nothing');
      // Another policy cuts no connection that there is.
      const talk = spawn('nsenter', [...net.enter.slice(1), ...hearing(seven, host, 9515)]);
      await once(talk.stdout, 'data');
      await rules.change(policyOf([`${WORLD.private4}:80`]));
      talk.stdin.end('\n');
      expect(await text(talk.stdout)).toBe('100000');
      server.kill('SIGKILL');
    });

    it('do not believe in who listened on a port a moment ago', async () => {
      const rules = await load(policyOf([]));
      const seven = crawlOf(rules, 7);
      const own = await listening(seven, '127.0.0.1', 9516);
      expect(hears(seven, '127.0.0.1', 9516, 50_123)).toBe(HEARD);
      own.kill('SIGKILL');
      await eventually(() => expect(listeners(9516)).toBe(''));
      const service = await listening([0, 0], '127.0.0.1', 9516);
      expect(hears(null, '127.0.0.1', 9516)).toBe(HEARD);
      expect(hears(seven, '127.0.0.1', 9516, 50_123)).toBe('nothing');
      expect(hears(seven, '127.0.0.1', 9516, 50_123)).toBe('nothing');
      service.kill('SIGKILL');
    });

    it.each([
      ['AF_INET', '127.0.0.1'],
      ['AF_INET6', '::1'],
    ])('let no data through to a service with the first packet of a connection (%s)', async (kind, host) => {
      const send = ([uid, gid]: readonly [number, number]) =>
        execFileSync(
          'nsenter',
          [...net.enter.slice(1), 'python3', '-I', '-c', EARLY, `${uid}`, `${gid}`, kind, host],
          { encoding: 'utf8' },
        );
      expect(send([0, 0])).toBe('set a password');
      const rules = await load(policyOf([]));
      expect(send(crawlOf(rules, 7))).toBe('nothing');
    });

    it('leave no connection half open at a service that a crawl asks for', async () => {
      const rules = await load(policyOf([]));
      const service = await listening([0, 0], '127.0.0.1', 9517);
      expect(hears(crawlOf(rules, 7), '127.0.0.1', 9517)).toBe('nothing');
      const half = `${net.enter.join(' ')} ss -Htn state syn-recv sport = :9517`;
      expect(execFileSync('sh', ['-c', half], { encoding: 'utf8' })).toBe('');
      service.kill('SIGKILL');
    });
  });

  it('let name servers answer, on their port alone', async () => {
    const rules = await load(policyOf([]));
    const names = (server: string, name: string) => net.resolve(crawlOf(rules, 7), server, name);
    expect(names(WORLD.dns, '203-0-113-10.test')).toBe('203.0.113.10');
    expect(names(WORLD.private4, '203-0-113-10.test')).toBeNull();
    expect(openTo(crawlOf(rules, 7), [`${WORLD.dns}/80`])).toEqual([]);
  });

  it('leave others of the machine, their rules and other installations alone', async () => {
    execFileSync('sh', [
      '-c',
      `echo 'table inet own { set some { type uid; }; }' | ${net.enter.join(' ')} nft -f -`,
    ]);
    const before = ruleset();
    const [one, two] = [await load(policyOf([])), await load(policyOf([]), 'two')];
    expect(one.table).not.toBe(two.table);
    await one.change(policyOf([`${WORLD.private4}:80`]));
    const place = [`${WORLD.private4}/80`];
    // Both have the same users: that of one is not held to what the other's may do.
    expect(openTo(crawlOf(one, 7), place)).toEqual(place);
    expect(openTo(crawlOf(two, 7), place)).toEqual([]);
    expect(openTo([uidOf(7), uidOf(7)], place)).toEqual(place);
    await one.remove();
    expect(openTo(crawlOf(two, 7), place)).toEqual([]);
    await two.remove();
    loaded.length = 0;
    expect(ruleset()).toBe(before);
  });

  it('take over what a process left that was killed, without a moment in which its crawls are free', async () => {
    const gone = await load(policyOf([]));
    loaded.length = 0;
    // As if its process had another number, which nobody has.
    const left = gone.table.replace(/\d+_\d+$/, '4194305_77');
    const listed = execFileSync('sh', ['-c', `${net.enter.join(' ')} nft list table inet ${gone.table}`], {
      encoding: 'utf8',
    });
    await nft.run(`${listed.replace(gone.table, left)}\ndelete table inet ${gone.table}`);
    const next = await load(policyOf([]));
    expect(await nft.tables()).not.toContain(left);
    expect(openTo(crawlOf(next, 7), world(80))).toEqual(publics(80));
    await nft.run('flush ruleset');
    expect(openTo(crawlOf(next, 7), world(80)).length).toBeGreaterThan(2);
    expect(await next.restore()).toBe(true);
    expect(await next.restore()).toBe(false);
    expect(openTo(crawlOf(next, 7), world(80))).toEqual(publics(80));
  });

  it('say what nft says when it refuses', async () => {
    await expect(createNft('/nonexistent/nft').tables()).rejects.toThrow('ENOENT');
    await expect(nft.run('add rule inet nothing here accept')).rejects.toThrow(/^nft: /);
  });
});
