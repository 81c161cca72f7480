import { requestErrors } from '../errors.ts';
import type { EggToInspect } from '../ports/egg-inspector.ts';
import { ACTOR } from '../testing/samples.ts';
import { createDeploy, type DeployRequest } from './deploy.ts';
import { registryOf, wholeImageName } from './image-names.ts';

const CONTENTS = {
  settingsModule: 'shop.settings',
  spiders: ['a'],
  scripts: ['report.py'],
  stack: 'scrapy:2.11',
};

const request = (more: Partial<DeployRequest> = {}): DeployRequest => ({
  project: 1,
  version: 'v1',
  eggPath: '/tmp/main.egg',
  extraEggPaths: [],
  requirements: null,
  stack: null,
  deployedBy: ACTOR,
  ...more,
});

function setUp({
  kept = [] as string[],
  bad = false,
  newest = null as { stack: string | null } | null,
} = {}) {
  const order: string[] = [];
  const inspected: EggToInspect[] = [];
  const saved: unknown[] = [];
  const deploy = createDeploy({
    inspector: {
      async inspect(egg) {
        order.push('inspect');
        inspected.push(egg);
        if (bad) throw requestErrors.invalid('egg', 'no spiders');
        return CONTENTS;
      },
    },
    blobs: {
      async putFile(path: string) {
        order.push(`put ${path}`);
        return { sha256: `sha of ${path}`, sizeBytes: path.length };
      },
      localPath: async (sha256: string) => `/blobs/${sha256}`,
    } as never,
    versions: {
      newest: async () => newest,
      async save(by: unknown, version: unknown) {
        order.push('save');
        saved.push([by, version]);
      },
    } as never,
    eggs: { list: async () => kept.map((sha256) => ({ sha256 })) } as never,
    variables: { ofProject: async () => ({ values: { TOKEN: 'secret' }, secrets: ['TOKEN'] }) } as never,
  });
  return { deploy, order, inspected, saved };
}

it('stores nothing of an egg that is bad', async () => {
  const { deploy, order } = setUp({ bad: true, kept: ['k'] });
  await expect(deploy.deploy(request(), () => {})).rejects.toThrow('egg: no spiders');
  expect(order).toEqual(['inspect']);
});

it('names a version only when all of its files are there', async () => {
  const { deploy, order, saved } = setUp();
  const made = await deploy.deploy(request({ extraEggPaths: ['/tmp/extra.egg'] }), () => {});
  expect(order).toEqual(['inspect', 'put /tmp/main.egg', 'put /tmp/extra.egg', 'save']);
  expect(saved).toEqual([[ACTOR, made]]);
  expect(made).toMatchObject({
    ...CONTENTS,
    name: 'v1',
    image: null,
    deployedBy: 'eve',
    extraEggs: ['sha of /tmp/extra.egg'],
  });
});

it('puts the eggs that a project keeps behind those of the deploy, and looks at them together', async () => {
  const { deploy, inspected } = setUp({ kept: ['k1', 'k2'] });
  const made = await deploy.deploy(request({ extraEggPaths: ['/tmp/extra.egg'] }), () => {});
  const paths = ['/tmp/extra.egg', '/blobs/k1', '/blobs/k2'];
  expect(inspected[0]?.extraEggPaths).toEqual(paths);
  expect(made.extraEggs).toEqual(paths.map((path) => `sha of ${path}`));
});

it('looks at an egg as the project would run it', async () => {
  const { deploy, inspected } = setUp({ newest: { stack: 'scrapy:2.10' } });
  const egg = { eggPath: '/tmp/x', extraEggPaths: [], requirements: null, stack: null };
  await deploy.inspect({ ...egg, project: 1 }, () => {});
  await deploy.inspect({ ...egg, project: null }, () => {});
  expect(inspected[0]).toMatchObject({ keptStack: 'scrapy:2.10', variables: { secrets: ['TOKEN'] } });
  // One that is still to be made has neither.
  expect(inspected[1]).toEqual({ ...egg, project: null });
});

it('has no stack to keep for the first deploy', async () => {
  const { deploy, inspected } = setUp();
  await deploy.deploy(request(), () => {});
  expect(inspected[0]?.keptStack).toBeNull();
});

it.each([
  ['a', 'docker.io', 'docker.io/library/a:latest'],
  ['a:1', 'docker.io', 'docker.io/library/a:1'],
  ['team/a', 'docker.io', 'docker.io/team/a:latest'],
  ['localhost/a', 'localhost', 'localhost/a:latest'],
  ['LocalHost:5000/a', 'localhost:5000', 'localhost:5000/a:latest'],
  ['registry.example.com/team/a:2', 'registry.example.com', 'registry.example.com/team/a:2'],
  ['docker.io/a', 'docker.io', 'docker.io/library/a:latest'],
  ['[::1]:5000/a', '[::1]:5000', '[::1]:5000/a:latest'],
  [`a@sha256:${'0'.repeat(64)}`, 'docker.io', `docker.io/library/a@sha256:${'0'.repeat(64)}`],
])('the image %s lies in %s, by its whole name %s', (image, registry, whole) => {
  expect([registryOf(image), wholeImageName(image)]).toEqual([registry, whole]);
  // A whole name is whole already.
  expect([registryOf(whole), wholeImageName(whole)]).toEqual([registry, whole]);
});
