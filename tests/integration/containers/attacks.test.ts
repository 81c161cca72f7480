import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { type AddressInfo, createServer as createTcpServer } from 'node:net';
import { networkInterfaces, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { eventually } from '@spiderhub/testkit';
import { copyPrograms, makeRoot, openEngine, type TestEngine } from '../../support/container-engine.ts';
import { type Crawl, readAtEnd, runToEnd } from '../../support/crawl.ts';
import { type Service, type ServiceProcess, startService } from '../../support/service.ts';
import { deployImage } from './support.ts';

/** What a hostile image tries against the machine that runs it, its networks and its neighbours. */

jest.setTimeout(600_000);

const CLI = resolve(__dirname, '../../../apps/cli/dist/main.js');
const IMAGE = 'localhost/hostile:1';
const LONG_MB = Number(process.env.HOSTILE_MB ?? 64);
const PROGRAM = `#!/bin/bash
say() { printf '%s\\n' "$1" > "$SHUB_FIFO_PATH"; }
reach() {
  if timeout 8 bash -c "exec 3<>/dev/tcp/$1/$2 && printf 'GET / HTTP/1.0\\r\\n\\r\\n' >&3 && head -c 4 <&3 | cat >&2" 2>/dev/null; then r=open; else r=closed; fi
  say "ITM {\\"to\\": \\"$1 $2\\", \\"is\\": \\"$r\\"}"
}
try() { if eval "$2" >/dev/null 2>&1; then r=yes; else r=no; fi; say "ITM {\\"try\\": \\"$1\\", \\"did\\": \\"$r\\"}"; }
done_() { say 'FIN {"outcome": "finished"}'; }
case "$SHUB_SPIDER" in
network) for t in $TARGETS; do reach "\${t%,*}" "\${t##*,}"; done; done_ ;;
root)
  try 'write to the root' 'echo x > /bin/new'
  try 'write to a volume of the image' 'echo x > /volume/new'
  try 'become root' 'test "$(id -u)" = 0'
  try 'have a right' 'grep -qE "Cap(Eff|Prm|Bnd|Amb):.*[1-9a-f]" /proc/self/status'
  try 'gain rights' 'grep -q "NoNewPrivs:.0" /proc/self/status'
  try 'see other processes' 'test -d /proc/2000 -o "$(cat /proc/1/comm)" = systemd'
  try 'write a setting of the kernel' 'echo 1 > /proc/sys/kernel/panic'
  try 'press a key of the kernel' 'echo h > /proc/sysrq-trigger'
  try 'find the socket of an engine' 'ls /run/podman/podman.sock /var/run/docker.sock'
  try 'see the passwords of the service' 'env | grep -E "DATABASE_URL|SECRETS_KEY|REDIS_URL"'
  try 'make a device' 'mknod /scrapinghub/disk b 8 0'
  try 'mount' 'mount -t tmpfs none /scrapinghub'
  done_ ;;
line) head -c ${LONG_MB}000000 /dev/zero | tr '\\0' x; echo; done_ ;;
errors) head -c ${LONG_MB}000000 /dev/zero | tr '\\0' x >&2; done_ ;;
pipe) head -c ${LONG_MB}000000 /dev/zero | tr '\\0' x > "$SHUB_FIFO_PATH"; echo > "$SHUB_FIFO_PATH"; done_ ;;
items) for n in 1 2 3; do { printf 'ITM {"a": "'; head -c 20000000 /dev/zero | tr '\\0' x; printf '"}\\n'; } > "$SHUB_FIFO_PATH"; done; say 'ITM {"last": true}'; done_ ;;
disk) for n in 1 2 3 4 5 6 7 8 9; do head -c 50000000 /dev/zero > "/scrapinghub/$n"; sleep 1; done; sleep 60 ;;
fork) trap '' TERM; f() { while :; do (f) & done; }; f 2>/dev/null ;;
deaf) trap '' TERM INT HUP; for n in 1 2 3 4; do (trap '' TERM; while :; do sleep 1; done) & done; while :; do say 'ITM {}'; sleep 0.2; done ;;
quiet) sleep 2; say 'ITM {"alive": true}'; done_ ;;
esac
`;

const hasEngine = openEngine(tmpdir())?.isRootless === false;
if (!hasEngine) process.stderr.write('No Podman with runc, or no root: hostile images are not tried\n');
const withEngine = hasEngine ? describe : describe.skip;

withEngine('a hostile image', () => {
  let folder: string;
  let engine: TestEngine;
  let service: Service;
  let worker: ServiceProcess;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'hostile-'));
    engine = openEngine(folder) as TestEngine;
    const root = join(folder, 'root');
    makeRoot(root, PROGRAM);
    const programs = ['sh', 'bash', 'cat', 'sleep', 'mount', 'mknod', 'ls', 'grep'].map(
      (name) => `/bin/${name}`,
    );
    copyPrograms(root, [
      ...programs,
      ...['id', 'head', 'tr', 'timeout', 'env'].map((name) => `/usr/bin/${name}`),
    ]);
    engine.importImage(IMAGE, root, [
      'ENV PATH=/bin:/usr/bin',
      'VOLUME /volume',
      'USER 0',
      'LABEL spiderhub.job=1-1',
      'STOPSIGNAL SIGWINCH',
    ]);
    service = await startService({
      workers: 0,
      env: {
        CONTAINER_ENGINE: engine.setting,
        NETWORK_ALLOW: '',
        STOP_GRACE_SECONDS: '3',
        UNIT_MEMORY_MB: '256',
        UNIT_DISK_MB: '200',
      },
    });
    worker = await deployImage(service, IMAGE, 'network,root,line,errors,pipe,items,disk,fork,deaf,quiet');
  });
  afterEach(async () => {
    expect(worker.child.exitCode).toBeNull();
    await eventually(() => expect(containers()).toEqual([]), { timeoutMs: 60_000, everyMs: 500 });
  });
  afterAll(async () => {
    await service?.stop();
    engine?.close();
    await rm(folder, { recursive: true, force: true });
  });

  const containers = () =>
    engine
      .run('ps', '--all', '--format', '{{.Names}}')
      .split('\n')
      .filter((name) => name !== '');

  it('reaches of the network the API alone, and what an operator has allowed its project', async () => {
    let visits = 0;
    const inner = createServer((_req, res) => {
      visits += 1;
      res.end('x');
    });
    const raw = createTcpServer((socket) => {
      visits += 1;
      socket.destroy();
    });
    const [port, other] = [await listening(inner), await listening(raw)];
    const own = Object.values(networkInterfaces()).flatMap((all) =>
      (all ?? []).filter((each) => !each.internal && each.family === 'IPv4').map(({ address }) => address),
    );
    const api = new URL(service.url).port;
    const closed = [
      ...['127.0.0.1', '127.8.9.10', '0.0.0.0', '::ffff:127.0.0.1', ...own].map((host) => `${host},${port}`),
      `127.0.0.1,${other}`,
      '10.77.0.10,80',
      '192.168.0.1,80',
      '172.17.0.1,2375',
      '100.64.0.1,80',
      '169.254.169.254,80',
      '::1,22',
    ];
    const targets = { TARGETS: [...closed, `127.0.0.1,${api}`].join(' ') };
    const crawl = await runToEnd(service, 'network', { environment: JSON.stringify(targets) });
    const said = new Map(
      (crawl.items as { to: string; is: string }[]).map(({ to, is }) => [to.replace(' ', ','), is]),
    );
    expect(closed.map((target) => [target, said.get(target)])).toEqual(
      closed.map((target) => [target, 'closed']),
    );
    expect(said.get(`127.0.0.1,${api}`)).toBe('open');
    expect(visits).toBe(0);

    const words = [
      'project',
      'network',
      '--id',
      String(service.team.project),
      '--allow',
      `127.0.0.1:${port}`,
    ];
    await promisify(execFile)(process.execPath, [CLI, 'admin', ...words], { env: service.env });
    await eventually(
      async () => {
        const again = await runToEnd(service, 'network', {
          environment: JSON.stringify({ TARGETS: `127.0.0.1,${port} 127.0.0.1,${other}` }),
        });
        expect(again.items).toEqual([
          { to: `127.0.0.1 ${port}`, is: 'open' },
          { to: `127.0.0.1 ${other}`, is: 'closed' },
        ]);
      },
      { timeoutMs: 120_000 },
    );
    inner.close();
    raw.close();
  });

  it('gets no rights, and finds nothing to write to but what is measured', async () => {
    const crawl = await runToEnd(service, 'root');
    const did = (crawl.items as { try: string; did: string }[]).filter((each) => each.did !== 'no');
    expect([crawl.log, crawl.items.length, did]).toEqual([crawl.log, 12, []]);
  });

  it.each(['line', 'errors', 'pipe'])(
    'that prints a line without end (%s) costs nobody else anything',
    async (spider) => {
      const crawl = await runToEnd(service, spider);
      expect(crawl.log.length).toBeLessThan(8_000_000);
      expect((await runToEnd(service, 'quiet')).items).toEqual([{ alive: true }]);
    },
  );

  it('that sends items which are too large loses these, and no other', async () => {
    const crawl = await runToEnd(service, 'items');
    expect(crawl.items.at(-1)).toEqual({ last: true });
  });

  it('that fills its disk is ended for it', async () => {
    const crawl = await runToEnd(service, 'disk');
    expect(await reasonOf(crawl)).toMatch(/disk/);
  });

  it('that forks for ever, and does not listen, is stopped', async () => {
    for (const spider of ['fork', 'deaf']) {
      const id = await start(spider);
      await eventually(() => expect(containers()).toHaveLength(1), { timeoutMs: 60_000, everyMs: 500 });
      // A neighbour is served meanwhile.
      expect((await runToEnd(service, 'quiet')).items).toEqual([{ alive: true }]);
      await service.call('/api/jobs/stop.json', { project: String(service.team.project), job: id });
      expect([spider, await reasonOf(await readAtEnd(service, id))]).toEqual([
        spider,
        expect.stringMatching(/cancel|oom|failed/),
      ]);
    }
  });

  it.each([
    '--privileged',
    '-v/:/host',
    'docker-archive:/etc/shadow',
    'dir:/root',
    'containers-storage:localhost/hostile:1',
    'localhost/hostile:1 --privileged',
    'a\n--privileged',
  ])('is none by the name %j', async (name) => {
    const project = String(service.team.project);
    const form = { project, version: '9', image_url: name, spiders: 'one' };
    const answer = await service.call('/api/releases/deploy.json', form);
    expect(answer.status).toBe(400);
    expect(await answer.text()).toContain('is no name of an image');
  });

  async function listening(server: Server | ReturnType<typeof createTcpServer>): Promise<number> {
    server.listen(0, '0.0.0.0');
    await once(server, 'listening');
    return (server.address() as AddressInfo).port;
  }

  async function start(spider: string): Promise<string> {
    const form = { project: String(service.team.project), spider, nonce: Math.random().toString(36) };
    return ((await (await service.call('/api/run.json', form)).json()) as { jobid: string }).jobid;
  }

  async function reasonOf({ id }: Crawl): Promise<string> {
    const answer = await service.call(`/api/jobs/list.json?project=${service.team.project}&job=${id}`);
    return ((await answer.json()) as { jobs: { close_reason: string }[] }).jobs[0]?.close_reason ?? '';
  }
});
