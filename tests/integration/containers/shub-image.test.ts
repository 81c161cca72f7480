import { type ChildProcess, execFileSync } from 'node:child_process';
import { cpSync, existsSync, readlinkSync, realpathSync, symlinkSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { makeShubHome, type ShubHome } from '../../contract/jobs-api/clients.ts';
import {
  copyPrograms,
  copyTree,
  makeRoot,
  openEngine,
  startDockerApi,
  type TestEngine,
} from '../../support/container-engine.ts';
import { runToEnd } from '../../support/crawl.ts';
import { type Service, startService } from '../../support/service.ts';
import { shubImage } from './support.ts';

/**
 * The commands of `shub image` as they are, with Podman's own service in the place of Docker's, and an image with this machine's
 * Python and Scrapy.
 */

jest.setTimeout(300_000);

const IMAGE = 'localhost/demo-image';
const hasEngine = openEngine(tmpdir())?.isRootless === false;
if (!hasEngine) process.stderr.write('No Podman with runc, or no root: shub image is not tried\n');
const withEngine = hasEngine ? describe : describe.skip;

withEngine('shub image', () => {
  let folder: string;
  let engine: TestEngine;
  let docker: ChildProcess;
  let service: Service;
  let home: ShubHome;
  const before = process.env.DOCKER_HOST;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'shub-image-'));
    engine = openEngine(folder) as TestEngine;
    buildImage(engine, join(folder, 'root'));
    docker = await startDockerApi(engine, folder);
    process.env.DOCKER_HOST = `unix://${join(folder, 'docker.sock')}`;
    service = await startService({ env: { CONTAINER_ENGINE: engine.setting, NETWORK_ALLOW: '' } });
    home = await makeShubHome(service, { apikey: service.team.key });
    const config = `project: ${service.team.project}\nversion: v1\nimages:\n  default: ${IMAGE}\n`;
    writeFileSync(join(home.projectDir, 'scrapinghub.yml'), config);
  });
  afterAll(async () => {
    process.env.DOCKER_HOST = before;
    await home?.remove();
    await service?.stop();
    docker?.kill('SIGKILL');
    engine?.close();
    await rm(folder, { recursive: true, force: true });
  });

  const shub = (...args: string[]) => shubImage(home, ...args);

  it('lists, runs and deploys what is in the image; jobs then run from it', async () => {
    expect(await shub('list')).toMatch(/^books$/m);
    // It has a network of its own there, and prints nothing but the log.
    expect(await shub('run', 'books', '-a', 'max_pages=1')).toMatch(/Spider closed \(finished\)/);
    expect(await shub('deploy', '--insecure')).toContain("'status': 'ok'");
    expect(await shub('check')).toContain("'status': 'ok'");

    const crawl = await runToEnd(service, 'books', { max_pages: '1' });
    expect([crawl.log, crawl.items.length > 5, crawl.requests > 5, crawl.errors]).toEqual([
      crawl.log,
      true,
      true,
      [],
    ]);
  });
});

/** Nothing of it comes from a registry. */
function buildImage(engine: TestEngine, root: string): void {
  const python = process.env.SPIDERHUB_PYTHON ?? 'python3';
  const ask =
    'import json, os, sys, sysconfig; print(json.dumps([os.path.realpath(sys.executable), sysconfig.get_path("stdlib"), sys.prefix]))';
  const [program, library, given] = JSON.parse(
    execFileSync(python, ['-c', ask], { encoding: 'utf8' }),
  ) as string[];
  const prefix = realpathSync(given as string);
  makeRoot(root, null);
  for (const tree of [library, prefix]) copyTree(tree as string, root, ['test', 'idlelib', 'pip']);
  const libraries = execFileSync('find', [library as string, prefix, '-name', '*.so*'], { encoding: 'utf8' });
  copyPrograms(root, [
    '/bin/sh',
    '/usr/bin/env',
    program as string,
    // Debian's Python may have a link to a library that is not installed.
    ...libraries.split('\n').filter((library) => existsSync(library)),
  ]);
  // What the environment's own link leads to may itself be a link.
  const linked = readlinkSync(join(prefix, 'bin/python3'));
  if (linked !== program && linked.startsWith('/')) symlinkSync(program as string, join(root, linked));
  cpSync(resolve(__dirname, '../../../examples/demo-project/demo'), join(root, 'app/demo'), {
    recursive: true,
  });
  engine.importImage(`${IMAGE}:v1`, root, [
    `ENV PATH=${join(prefix, 'bin')}:/usr/bin:/bin`,
    'ENV PYTHONPATH=/app',
    'ENV SCRAPY_SETTINGS_MODULE=demo.settings',
    'WORKDIR /scrapinghub',
  ]);
}
