import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BoxDescription, BoxNetwork } from '@spiderhub/isolation';
import { crawlRequest, versionOf } from '../contract/support.ts';
import { jobDirectory } from '../job-directory.ts';
import { createEngine, identityOf } from './engine.ts';
import { containerEnvironment, INSIDE, writeEnvironment } from './environment.ts';
import { type RunPlan, runArguments } from './run-arguments.ts';

const version = versionOf('sha', 'shop.settings');

function plan(more: Partial<RunPlan> = {}): RunPlan {
  return {
    directory: jobDirectory('/work/1-1'),
    image: 'registry.example.com/shop:1',
    engine: { isPodman: true },
    identity: { name: 'spiderhub_1-1_x', labels: { a: 'b' } },
    owner: { uid: 65_534, gid: 65_534, isOurs: false },
    box: null,
    limits: { memoryBytes: null, processes: null, cpus: null },
    written: ['--env-file', '/work/1-1/environment'],
    ...more,
  };
}

const box = (network: BoxNetwork) => ({ network }) as BoxDescription;
const networkOf = (network: BoxNetwork, isPodman = true) =>
  runArguments(plan({ box: box(network), engine: { isPodman } })).filter((word) =>
    word.startsWith('--network'),
  );

it('has no rights, nothing to write to but what is its own, and an image that is there', () => {
  const words = runArguments(plan());
  for (const word of ['--read-only', '--cap-drop=all', '--security-opt=no-new-privileges', '--pull=never'])
    expect(words).toContain(word);
  const mounts = words.filter((_, at) => words[at - 1] === '--mount');
  expect(
    mounts.filter((mount) => !mount.endsWith(',readonly')).map((mount) => mount.split('target=')[1]),
  ).toEqual([INSIDE.home, INSIDE.tmp, INSIDE.pipe]);
  expect(words.slice(-3)).toEqual(['--entrypoint', 'start-crawl', 'registry.example.com/shop:1']);
  expect(words[words.indexOf('--user') + 1]).toBe('65534:65534');
});

it('an image that looks like an option is behind all options', () => {
  const words = runArguments(plan({ image: '--privileged' }));
  expect(words.indexOf('--privileged')).toBe(words.length - 1);
});

it('a path with a comma or a quote is one path', () => {
  const words = runArguments(plan({ directory: jobDirectory('/wo,rk/a"b') }));
  expect(words).toContain(`type=bind,"source=/wo,rk/a""b/home",target=${INSIDE.home}`);
});

it.each<[Partial<RunPlan['limits']>, string[]]>([
  [{}, []],
  [{ memoryBytes: 1000 }, ['--memory=1000', '--memory-swap=1000']],
  [{ processes: 9 }, ['--pids-limit=9']],
  [{ cpus: 0.5 }, ['--cpus=0.5']],
])('limits of %j', (limits, words) => {
  const all = runArguments(plan({ limits: { memoryBytes: null, processes: null, cpus: null, ...limits } }));
  expect(all.filter((word) => /^--(memory|pids|cpus)/.test(word))).toEqual(words);
});

it.each<[BoxNetwork, string[]]>([
  [{ kind: 'none' }, ['--network=none']],
  [{ kind: 'host' }, ['--network=host']],
  [{ kind: 'cell', pid: 77, startTick: 1 }, ['--network=ns:/proc/77/ns/net']],
])('its network %j', (network, words) => {
  expect(networkOf(network)).toEqual(words);
});

it('is started by Docker with no network or all of it, never past the guard', () => {
  expect(networkOf({ kind: 'none' }, false)).toEqual(['--network=none']);
  expect(() => networkOf({ kind: 'cell', pid: 7, startTick: 1 }, false)).toThrow('use Podman');
  expect(() => networkOf({ kind: 'host' }, false)).toThrow('use Podman');
  expect(runArguments(plan({ engine: { isPodman: false } })).join(' ')).not.toContain('--network');
});

it('keeps our own user only where we are no root and the engine is Podman', () => {
  const owner = { uid: 65_534, gid: 65_534, isOurs: true };
  const users = (isPodman: boolean) =>
    runArguments(plan({ owner, engine: { isPodman } })).filter((word) => word.startsWith('--userns'));
  expect(users(true)).toEqual(['--userns=keep-id:uid=65534,gid=65534']);
  expect(users(false)).toEqual([]);
});

const environment = (more: object = {}, texts: object = {}) =>
  containerEnvironment(
    crawlRequest(version, { environment: { A: 'x', SHUB_JOBKEY: '9/9/9', HOME: '/etc', ...more }, units: 2 }),
    { data: '{}', settings: '{}', memoryBytes: null, ...texts },
    null,
  );

it('the variables of a job are there, and none of them takes the place of ours', () => {
  const found = environment();
  expect(found).toMatchObject({ A: 'x', HOME: INSIDE.home, TMPDIR: INSIDE.tmp, SHUB_FIFO_PATH: INSIDE.pipe });
  expect(found.SHUB_JOBKEY).not.toBe('9/9/9');
  expect(found.SHUB_JOB_MEMORY_LIMIT).toBe('1900');
  expect(JSON.parse(found.SHUB_JOB_ENV ?? '')).toEqual({ A: 'x', HOME: '/etc' });
});

it('what is too long for a line is a file inside', () => {
  const long = JSON.stringify('é'.repeat(31_000));
  expect(environment({}, { data: long, settings: long })).toMatchObject({
    SHUB_JOB_DATA: INSIDE.job,
    SHUB_SETTINGS: INSIDE.settings,
  });
  expect(environment({}, { data: '{"a":1}' }).SHUB_JOB_DATA).toBe('{"a":1}');
});

it('variables stand in a file that nobody else reads, those of several lines in words', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'spiderhub-environment-'));
  try {
    const path = join(folder, 'environment');
    const words = await writeEnvironment(path, { A: 'x y', B: 'a\nb', C: 'a\rb', D: '', E: "it's #1" });
    expect(await readFile(path, 'utf8')).toBe("A=x y\nD=\nE=it's #1\n");
    expect(words).toEqual(['--env-file', path, '--env', 'B=a\nb', '--env', 'C=a\rb']);
  } finally {
    await rm(folder, { recursive: true });
  }
});

it('containers of two folders have two names', () => {
  const [one, other] = ['/a', '/b'].map((folder) => identityOf(folder, '1-1'));
  expect(one?.name).toMatch(/^spiderhub_1-1_[0-9a-f]{12}$/);
  expect(one?.name).not.toBe(other?.name);
  expect(identityOf('/a', '1-1')).toEqual(one);
});

it('what dead workers left goes at once, however much there is, and nothing else', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'spiderhub-left-'));
  try {
    const left = Array.from({ length: 300 }, (_, n) => identityOf(folder, `${n + 1}-1`).name);
    await mkdir(join(folder, '7-1'));
    await writeFile(join(folder, 'list'), ['spiderhub_1-1_stranger', ...left, '--all'].join('\n'));
    const podman = join(folder, 'podman');
    const script = `#!/bin/sh\ncase $1 in ps) cat ${folder}/list;; *) echo "$@" >> ${folder}/asked;; esac\n`;
    await writeFile(podman, script, { mode: 0o755 });
    await createEngine({ command: [podman], env: {} }).sweep(folder);
    const asked = (await readFile(join(folder, 'asked'), 'utf8')).trim().split('\n');
    // Podman gives each ten seconds to end unless it is told otherwise.
    for (const line of asked) expect(line).toMatch(/^rm --force --ignore --time 0 spiderhub_/);
    const removed = asked.flatMap((line) => line.split(' ').slice(5));
    expect(removed).toEqual(left.filter((name) => !name.startsWith('spiderhub_7-1_')));
  } finally {
    await rm(folder, { recursive: true });
  }
});
