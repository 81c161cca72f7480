import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseDestination } from '@spiderhub/core';
import { eventually, lackOf, MACHINE, type TinyInternet, tinyInternet, WORLD } from '@spiderhub/testkit';
import type { Policy } from '../policy.ts';
import { createNft, type Nft } from './nft.ts';
import { createRules, type Rules } from './rules.ts';

const lack = lackOf('nft', 'ip', 'unshare', 'nsenter', 'python3');
const uidOf = (project: number) => 200_000 + project;

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
    const text = execFileSync('sh', ['-c', `${net.enter.join(' ')} nft list table inet ${gone.table}`], {
      encoding: 'utf8',
    });
    await nft.run(`${text.replace(gone.table, left)}\ndelete table inet ${gone.table}`);
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
