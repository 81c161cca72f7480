// What is done inside of the namespaces: a service with two tenants is started, one attacks, and what came of it is
// written down. node inside.mjs OPTIONS.json, beside a Postgres and a Redis (`spiderhub services`).
import { execFileSync, spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createServer as createTcpServer } from 'node:net';
import { networkInterfaces, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { createTestDatabase, makeTeam } from '@spiderhub/testkit';

const HERE = dirname(fileURLToPath(import.meta.url));
const options = JSON.parse(readFileSync(process.argv[2], 'utf8'));
const { isolation, checkout, mark, parts, out } = options;
const hasInternet = networkInterfaces().out !== undefined;
const report = { isolation, hasInternet, results: [], jobs: [], readyz: null, listing: '', build: '' };

const place = mkdtempSync(join(tmpdir(), 'sh-isolation-'));
chmodSync(place, 0o755);
const home = join(place, 'home');
mkdirSync(home, { mode: 0o700 });
const secret = join(place, 'open-secret');
writeFileSync(secret, mark, { mode: 0o644 });
const canaries = [];
const abstract = startAbstract();
const ports = await startCanaries();
const db = await createTestDatabase();
const mine = await makeTeam(db.database, 'mallory', []);
const theirs = await makeTeam(db.database, 'alice', []);
await db.database('versions').delete();

const processes = [];
let url = '';
try {
  const api = await start('api');
  url = api.url;
  await start('worker');
  report.readyz = await (await fetch(`${url}/readyz`)).json();
  await deploy(theirs, makeEgg());
  await deploy(mine, makeEgg());
  const victim = await schedule(theirs, 'victim', { seconds: '15' });
  await started(theirs, victim);
  if (parts.includes('crawl')) await attack('attack', { families: options.families });
  if (parts.includes('crawl')) await attack('probe');
  lookOutside();
  if (parts.includes('resources')) await exhaust();
  if (parts.includes('listing')) await deployListing();
  if (parts.includes('build')) await deployBuild();
  const end = await ended(theirs, victim);
  add(
    'processes: end the crawl of another tenant',
    end.reason !== 'finished' || end.items.length !== 1,
    end.reason,
  );
  const said = readFileSync(join(place, 'worker.log'), 'utf8');
  report.network = /"network":"(\w+)"/.exec(said)?.[1] ?? 'open';
  report.missing = partsIn(said + JSON.stringify(report.readyz), report.network);
} finally {
  writeFileSync(out, JSON.stringify(report));
  for (const child of processes.reverse()) await stop(child);
  for (const canary of canaries) canary.close();
  abstract.kill();
  await db.close();
  rmSync(place, { recursive: true, force: true, maxRetries: 5 });
}
process.exit(0);

/**
 * Parts that the service says are missing. Of the network three may be: `network`, when nothing is kept from crawls, walls
 * around `abstract` sockets of the machine, and a `namespace` in which these are not to be seen.
 */
function partsIn(text, network) {
  const parts = [...text.matchAll(/"part":"(\w+)"/g)].map(([, part]) => part);
  const isOpen = network === 'open';
  return [
    ...new Set(parts.filter((part) => part !== 'network')),
    ...(isOpen ? ['network'] : []),
    ...(isOpen || text.includes('abstract unix sockets') ? ['abstract'] : []),
    ...(network === 'proxy' ? [] : ['namespace']),
  ];
}

function add(name, succeeded, detail) {
  report.results.push({ name, succeeded, detail: String(detail).slice(0, 500) });
}

function startAbstract() {
  const code = `import socket, sys\ns = socket.socket(socket.AF_UNIX); s.bind('\\0abstract-${mark}'); s.listen()\nwhile True:\n c, _ = s.accept(); c.send(b'hello'); c.close()`;
  return spawn('python3', ['-I', '-S', '-c', code], { stdio: 'ignore' });
}

/** What listens on this machine and answers whoever comes. */
async function startCanaries() {
  const tcp = createTcpServer((socket) => {
    socket.on('error', () => {});
    socket.end(`${mark}\n`);
  });
  tcp.listen(0, '::');
  await once(tcp, 'listening');
  const udp = createSocket({ type: 'udp6', ipv6Only: false });
  udp.on('message', (_, from) => udp.send(mark, from.port, from.address));
  udp.bind(0, '::');
  await once(udp, 'listening');
  canaries.push(tcp, udp);
  // Nobody else is here to have it.
  return { loopback: tcp.address().port, datagrams: udp.address().port, victim: 9515 };
}

async function start(app) {
  const log = join(place, `${app}.log`);
  const fd = openSync(log, 'a');
  const child = spawn(process.execPath, [join(checkout, 'apps', app, 'dist/main.js')], {
    stdio: ['ignore', fd, fd, 'ipc'],
    env: {
      ...process.env,
      DATABASE_URL: db.url,
      SPIDERHUB_HOME: home,
      QUEUE_PREFIX: `attack-${mark}`,
      WORKER_SLOTS: '2',
      STOP_GRACE_SECONDS: '5',
      PORT: '0',
      HOST: '127.0.0.1',
      SCRAPYD_PORT: '0',
      ISOLATION: isolation,
      ISOLATION_SECRET: mark,
      PIP_INDEX_URL: 'http://203.0.113.10/simple/',
      PIP_TRUSTED_HOST: '203.0.113.10',
      PIP_NO_CACHE_DIR: '1',
      PIP_RETRIES: '0',
      ...(url && { PUBLIC_URL: url }),
      ...options.env,
    },
  });
  processes.push(child);
  const message = await Promise.race([once(child, 'message'), once(child, 'exit').then(() => null)]);
  if (!message) throw new Error(`${app} did not start:\n${readFileSync(log, 'utf8')}`);
  return message[0];
}

async function stop(child) {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, 'exit');
  child.kill('SIGTERM');
  await Promise.race([gone, delay(30_000).then(() => child.kill('SIGKILL'))]);
}

function knowledge() {
  const own = Object.values(networkInterfaces())
    .flat()
    .filter(({ internal }) => !internal);
  const has6 = own.some(({ family, address }) => family === 'IPv6' && address.startsWith('2001'));
  const sockets = [
    new URL(process.env.DATABASE_URL).searchParams.get('host') ?? '',
    decodeURIComponent(new URL(process.env.DATABASE_URL).hostname),
  ];
  return {
    home,
    checkout,
    mark,
    secret,
    serviceUid: process.getuid(),
    victim: `victim-of-${mark}`,
    ports,
    abstract: `abstract-${mark}`,
    unix: [
      ...sockets.filter(Boolean).map((folder) => join(folder, '.s.PGSQL.5432')),
      new URL(process.env.REDIS_URL.replace('unix:', 'unix://')).pathname,
    ],
    own4: ['192.0.2.1', '10.77.0.1'],
    own6: has6 ? ['2001:db8:1::1'] : [],
    private4: ['10.77.0.10', '169.254.169.254', '172.16.5.5', '100.64.0.5', '198.18.0.5'],
    private6: has6 ? ['fd00::2'] : [],
    public4: '203.0.113.10',
    public6: has6 ? '2001:db8:2::10' : null,
    names: ['inside', 'metadata', 'both'],
    api: ['127.0.0.1', Number(new URL(url).port)],
  };
}

/** The egg of the attackers, with all that they know; `more` are files beside it. */
function makeEgg(more = {}) {
  const files = {
    'EGG-INFO/entry_points.txt': '[scrapy]\nsettings = attacks.settings\n',
    'EGG-INFO/PKG-INFO': 'Name: attacks\nVersion: 1\n',
    'attacks/know.json': JSON.stringify(knowledge()),
    ...more,
  };
  const folder = join(HERE, '../project/attacks');
  for (const name of readdirSync(folder).filter((each) => each.endsWith('.py')))
    files[`attacks/${name}`] ??= readFileSync(join(folder, name), 'utf8');
  const code =
    'import io, json, sys, zipfile\nout = io.BytesIO()\nwith zipfile.ZipFile(out, "w") as egg:\n    for path, text in json.load(sys.stdin).items(): egg.writestr(path, text)\nsys.stdout.buffer.write(out.getvalue())';
  return execFileSync('python3', ['-c', code], { input: JSON.stringify(files) });
}

function call(team, path, body) {
  const authorization = `Basic ${Buffer.from(`${team.key}:`).toString('base64')}`;
  return fetch(`${url}${path}`, { headers: { authorization }, ...(body && { method: 'POST', body }) });
}

async function deploy(team, egg, fields = {}, mustWork = true) {
  const form = new FormData();
  for (const [name, value] of Object.entries({ project: String(team.project), version: '1', ...fields }))
    form.set(name, value);
  form.set('egg', new Blob([egg]), 'attacks.egg');
  const text = await (await call(team, '/api/scrapyd/addversion.json', form)).text();
  if (mustWork && !text.includes('"status":"ok"')) throw new Error(`not deployed: ${text}`);
  return text;
}

async function schedule(team, spider, args = {}, fields = {}) {
  const environment = JSON.stringify({ VICTIM_MARK: team === theirs ? `victim-of-${mark}` : '' });
  const body = new URLSearchParams({
    project: String(team.project),
    spider,
    environment,
    once: String(Math.random()),
    ...args,
    ...fields,
  });
  const answer = await (await call(team, '/api/run.json', body)).json();
  if (!answer.jobid) throw new Error(`not scheduled: ${JSON.stringify(answer)}`);
  return answer.jobid;
}

async function find(team, job) {
  const { jobs } = await (await call(team, `/api/jobs/list.json?project=${team.project}&job=${job}`)).json();
  return jobs[0];
}

async function started(team, job) {
  // It has written something that others could read.
  for (;;) {
    const answer = await call(team, `/api/log.txt?project=${team.project}&job=${job}`);
    if (answer.ok && (await answer.text()) !== '') return;
    await delay(100);
  }
}

async function ended(team, job) {
  const until = Date.now() + 240_000;
  for (;;) {
    const found = await find(team, job);
    if (found?.state === 'finished') {
      const read = async (path) =>
        (await call(team, `/api/${path}?project=${team.project}&job=${job}`)).text();
      const items = (await read('items.jl'))
        .trim()
        .split('\n')
        .filter(Boolean)
        .map((line) => JSON.parse(line));
      return { job, reason: found.close_reason, items, log: await read('log.txt') };
    }
    if (Date.now() > until) throw new Error(`${job} does not end: ${JSON.stringify(found)}`);
    await delay(150);
  }
}

/** Runs a spider of the attacker's; its items are results. */
async function attack(spider, args = {}) {
  const end = await ended(mine, await schedule(mine, spider, args));
  report.jobs.push({ spider, args, reason: end.reason, items: end.items.length, log: end.log.slice(-6000) });
  report.results.push(...end.items);
  return end;
}

/** What only those outside of the box can tell. */
function lookOutside() {
  const marks = ['/tmp', '/var/tmp', '/dev/shm'].filter((folder) =>
    existsSync(join(folder, `pwned-${mark}`)),
  );
  add('files: leave a file in the shared /tmp', marks.length > 0, marks.join() || 'not there');
  for (const folder of marks) rmSync(join(folder, `pwned-${mark}`), { force: true });
  const left = readdirSync('/proc').filter(
    (pid) => /^\d+$/.test(pid) && textOf(pid).includes(`survivor-${mark}`),
  );
  add('processes: leave processes behind', left.length > 0, left.join() || 'all gone');
  for (const pid of left) process.kill(Number(pid), 'SIGKILL');
}

function textOf(pid) {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'latin1');
  } catch {
    return '';
  }
}

/** Too much of everything; a crawl of the other tenant goes on beside each. */
async function exhaust() {
  const beside = await schedule(theirs, 'victim', { seconds: '5' });
  const end = await attack('attack', { families: 'resources' });
  if (end.reason !== 'finished') add('resources: survive as a crawl', false, end.reason);
  const hog = await attack('hog');
  if (hog.items.length === 0)
    add('resources: hold more memory than its units in the crawl itself', false, hog.reason);
  const disk = await attack('disk');
  if (disk.items.length === 0) add('resources: fill the disk', false, disk.reason);
  const neighbour = await ended(theirs, beside);
  add('resources: stop the crawl of another tenant', neighbour.reason !== 'finished', neighbour.reason);
}

/** Spiders are read from a file of their own: what a listing is, or what a build left. */
function hostileFile(name) {
  return readFileSync(join(HERE, '../project/doors', name), 'utf8');
}

/** Another door: what runs when an egg is listed. */
async function deployListing() {
  const listed = await deploy(
    mine,
    makeEgg({ 'attacks/spiders.py': hostileFile('listing.py') }),
    { version: 'listing' },
    false,
  );
  const names = /^Spiders: (.*)$/m.exec(listed)?.[1].split(', ') ?? [];
  add('listing: come to its end', false, names.includes('end') ? 'yes' : listed.slice(-400));
  for (const name of names.filter((each) => each.startsWith('leak ')))
    add(
      `listing, ${Buffer.from(name.slice(5), 'hex').toString().replace(' | ', '\n').split('\n')[0]}`,
      true,
      Buffer.from(name.slice(5), 'hex'),
    );
  report.listing = listed.slice(-3000);
}

/** And another one: what runs when its requirements are built. */
async function deployBuild() {
  const egg = makeEgg({ 'attacks/spiders.py': hostileFile('built.py') });
  makeIndex();
  const built = await deploy(mine, egg, { version: 'built', requirements: 'hostile==1.0\n' }, false);
  report.build = built.slice(-3000);
  if (!built.includes('"status":"ok"')) return add('build: come to its end', false, built.slice(-400));
  await attack('built');
}

/** A package index on the other machine, with a package whose build attacks. */
function makeIndex() {
  const folder = join(process.env.ISOLATION_INDEX, 'simple/hostile');
  const source = mkdtempSync(join(tmpdir(), 'sdist-'));
  const package_ = join(source, 'hostile-1.0');
  mkdirSync(join(package_, 'attacks'), { recursive: true });
  for (const name of ['backend.py', 'pyproject.toml', 'PKG-INFO'])
    writeFileSync(join(package_, name), hostileFile(name));
  const attacks = join(HERE, '../project/attacks');
  for (const name of readdirSync(attacks).filter((each) => each.endsWith('.py')))
    writeFileSync(join(package_, 'attacks', name), readFileSync(join(attacks, name)));
  writeFileSync(join(package_, 'attacks/know.json'), JSON.stringify(knowledge()));
  mkdirSync(folder, { recursive: true });
  execFileSync('tar', ['-C', source, '-czf', join(folder, 'hostile-1.0.tar.gz'), 'hostile-1.0']);
}
