import { type ChildProcess, execFile } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { makeShubHome, type ShubHome } from '../../contract/jobs-api/clients.ts';
import {
  copyPrograms,
  makeRoot,
  openEngine,
  startDockerApi,
  type TestEngine,
} from '../../support/container-engine.ts';
import { runToEnd } from '../../support/crawl.ts';
import { hasRegistry, startRegistry, type TestRegistry } from '../../support/docker-registry.ts';
import { type Service, startService } from '../../support/service.ts';
import { shubImage } from './support.ts';

/** All commands of `shub image` with a program of shell and a registry that asks for a login, and what a registry may not do. */

jest.setTimeout(600_000);

const CLI = resolve(__dirname, '../../../apps/cli/dist/main.js');
const START =
  '#!/bin/sh\nprintf \'ITM {"said": "%s"}\\nFIN {"outcome": "finished"}\\n\' "$SHUB_SPIDER" > "$SHUB_FIFO_PATH"\n';
const INFO = '#!/bin/sh\necho \'{"project_type": "other", "spiders": ["one", "two"]}\'\n';
const DOCKERFILE = 'FROM localhost/base:1\nCOPY start-crawl shub-image-info /bin/\n';

const canRun = openEngine(tmpdir())?.isRootless === false && hasRegistry();
if (!canRun)
  process.stderr.write('No Podman with runc, no docker-registry, or no root: registries are not tried\n');
const withRegistry = canRun ? describe : describe.skip;

withRegistry('a registry of images', () => {
  let folder: string;
  let engine: TestEngine;
  let docker: ChildProcess;
  let registry: TestRegistry;
  let service: Service;
  let home: ShubHome;
  let login: string[];
  const before = process.env.DOCKER_HOST;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'registry-'));
    engine = openEngine(folder) as TestEngine;
    const root = join(folder, 'root');
    makeRoot(root, null);
    copyPrograms(root, ['/bin/sh', '/bin/cat', '/usr/bin/which']);
    engine.importImage('localhost/base:1', root, ['ENV PATH=/bin:/usr/bin']);
    registry = await startRegistry(folder);
    login = ['--username', registry.username, '--password', registry.password];
    const insecure = join(folder, 'registries.conf');
    writeFileSync(insecure, '');
    const trusting = { SSL_CERT_FILE: registry.authority, CONTAINERS_REGISTRIES_CONF: insecure };
    docker = await startDockerApi(engine, folder, trusting);
    process.env.DOCKER_HOST = `unix://${join(folder, 'docker.sock')}`;
    const env = {
      ...trusting,
      CONTAINER_ENGINE: engine.setting,
      NETWORK_ALLOW: registry.place,
      SECRETS_KEY: Buffer.alloc(32, 7).toString('base64'),
    };
    service = await startService({ env });
    home = await makeShubHome(service, { apikey: service.team.key });
    for (const [name, text] of [
      ['start-crawl', START],
      ['shub-image-info', INFO],
    ] as const)
      writeFileSync(join(home.projectDir, name), text, { mode: 0o755 });
    writeFileSync(join(home.projectDir, 'Dockerfile'), DOCKERFILE);
    const config = `project: ${service.team.project}\nversion: v1\nimages:\n  default: ${registry.place}/team/plain\n`;
    writeFileSync(join(home.projectDir, 'scrapinghub.yml'), config);
  });
  afterAll(async () => {
    process.env.DOCKER_HOST = before;
    await home?.remove();
    await service?.stop();
    docker?.kill('SIGKILL');
    await registry?.close();
    engine?.close();
    await rm(folder, { recursive: true, force: true });
  });

  const shub = (...args: string[]) => shubImage(home, ...args);

  it('gets images from shub build and push, and gives them to jobs of who deployed with its login', async () => {
    expect(await shub('build')).toContain('build is completed');
    await shub('test');
    expect(await shub('push', ...login)).toContain('pushed successfully');
    expect(await shub('list')).toMatch(/^one\ntwo$/m);
    const deployed = await shub('deploy', ...login);
    expect(deployed).toMatch(/Progress.*100\/100/s);
    expect(deployed).toContain("'status': 'ok'");
    expect(await shub('check')).toContain("'status': 'ok'");
    // Nothing that the engine has already helps.
    engine.run('rmi', '--force', `${registry.place}/team/plain:v1`);
    await runsToItsEnd();
  });

  it('is asked with the login of the last deploy, which nobody finds anywhere', async () => {
    const upload = await shub('upload', '--version', 'v2', ...login);
    expect(upload).toContain("'version': 'v2'");
    await runsToItsEnd();
    const wrong = ['--username', 'reader', '--password', 'another-word'];
    await shub('deploy', '--version', 'v2', ...wrong);
    const refused = await runToEnd(service, 'one');
    expect(refused.items).toEqual([]);
    expect(refused.errors.join()).toMatch(
      /team\/plain:v2 cannot be fetched: .*(unauthorized|authentication)/i,
    );
    const logs = ['api-0.log', 'worker-1.log'].map((name) => readFileSync(join(service.home, name), 'utf8'));
    const { rows } = await service.db.database.raw('select * from variables');
    const everything = [...logs, refused.log, JSON.stringify(rows)].join();
    expect(everything).not.toMatch(/word-of-the-reader|another-word/);
  });

  it('of one name hears no login of another one', async () => {
    const heard: string[] = [];
    const other = createServer((req, res) => {
      heard.push(`${req.url} ${req.headers.authorization ?? 'nobody'}`);
      res.writeHead(401, { 'WWW-Authenticate': 'Basic realm="x"' }).end();
    });
    const place = await listening(other);
    await shub('deploy', '--version', 'v2', ...login);
    await allow('--allow', place);
    const crawl = await deployAndRun(`${place}/team/plain:v1`);
    expect(crawl.items).toEqual([]);
    // There is no TLS: what was heard came by the plain try that this engine makes of what it is not told to.
    expect(heard.filter((line) => !line.endsWith('nobody'))).toEqual([]);
    await allow('--remove', place);
    other.close();
  });

  it('may be no address of the machine or of its networks, and lead to none', async () => {
    let visits = 0;
    const inner = createServer((_req, res) => {
      visits += 1;
      res.end('{}');
    });
    const place = await listening(inner);
    const port = place.split(':').at(-1);
    for (const host of [
      place,
      `127.0.0.1:${port}`,
      `localhost:${port}`,
      '169.254.169.254',
      '10.77.0.10:80',
      `[::1]:${port}`,
    ]) {
      const crawl = await deployAndRun(`${host}/a/b:1`);
      expect([host, crawl.errors.join()]).toEqual([
        host,
        expect.stringMatching(/is not public, and not among what this project may reach/),
      ]);
    }
    // One that is allowed names another place for its tokens.
    const leading = createServer((_req, res) => {
      const header = `Bearer realm="http://127.0.0.1:${port}/token",service="x"`;
      res.writeHead(401, { 'WWW-Authenticate': header }).end();
    });
    const allowed = await listening(leading);
    await allow('--allow', allowed);
    const lax = `[[registry]]\nlocation = "${allowed}"\ninsecure = true\n`;
    writeFileSync(join(folder, 'registries.conf'), lax);
    expect((await deployAndRun(`${allowed}/a/b:1`)).items).toEqual([]);
    expect(visits).toBe(0);
    await allow('--remove', allowed);
    for (const server of [inner, leading]) server.close();
  });

  async function runsToItsEnd(): Promise<void> {
    const { log, items } = await runToEnd(service, 'one');
    expect([log, items]).toEqual([log, [{ said: 'one' }]]);
  }

  async function listening(server: Server): Promise<string> {
    const [host] = registry.place.split(':');
    server.listen(0, '0.0.0.0');
    await once(server, 'listening');
    return `${host}:${(server.address() as AddressInfo).port}`;
  }

  async function allow(flag: '--allow' | '--remove', place: string): Promise<void> {
    const words = ['project', 'network', '--id', String(service.team.project), flag, place];
    await promisify(execFile)(process.execPath, [CLI, 'admin', ...words], { env: service.env });
    // Workers look each second.
    await new Promise((done) => setTimeout(done, 2500));
  }

  async function deployAndRun(image: string) {
    const project = String(service.team.project);
    const form = {
      project,
      version: Math.random().toString(36),
      image_url: image,
      spiders: 'one',
      project_type: 'other',
    };
    const answer = await service.call('/api/releases/deploy.json', form);
    expect([image, answer.status]).toEqual([image, 200]);
    return runToEnd(service, 'one');
  }
});
