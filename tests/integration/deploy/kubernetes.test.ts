import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse, parseAllDocuments } from 'yaml';

/** What schemas cannot say of the manifests; `npm test` holds them against Kubernetes' schemas, too. */

interface Container {
  name: string;
  image: string;
  command: string[];
  env?: { name: string; value?: string }[];
  envFrom?: { secretRef?: { name: string } }[];
  resources?: { limits?: Record<string, string> };
  securityContext?: { allowPrivilegeEscalation?: boolean; capabilities?: { drop: string[] } };
}
interface PodSpec {
  containers: Container[];
  volumes?: { name: string; persistentVolumeClaim?: object }[];
  automountServiceAccountToken?: boolean;
  terminationGracePeriodSeconds?: number;
  securityContext?: { runAsNonRoot?: boolean; seccompProfile?: { type: string; localhostProfile?: string } };
}
interface Manifest {
  kind: string;
  metadata: { name: string };
  spec?: { template?: { metadata: { labels: Record<string, string> }; spec: PodSpec } } & Record<
    string,
    unknown
  >;
  data?: Record<string, string>;
}

const CHECKOUT = join(__dirname, '../../..');
const FOLDER = join(CHECKOUT, 'deploy/kubernetes');
const FILES = readdirSync(FOLDER).filter((name) => name.endsWith('.yaml') && name !== 'kustomization.yaml');
const MANIFESTS = FILES.flatMap((name) =>
  parseAllDocuments(readFileSync(join(FOLDER, name), 'utf8')).map((document) => document.toJS() as Manifest),
);
const PODS = MANIFESTS.flatMap(({ metadata, spec }) =>
  spec?.template
    ? [{ name: metadata.name, pod: spec.template.spec, labels: spec.template.metadata.labels }]
    : [],
);
const CONTAINERS = PODS.flatMap(({ pod }) => pod.containers);

function the(kind: string, name: string): Manifest {
  const found = MANIFESTS.find((each) => each.kind === kind && each.metadata.name === name);
  if (!found) throw new Error(`there is no ${kind} ${name}`);
  return found;
}

it('kustomization.yaml names every file, and the image that all have', () => {
  const { resources, images } = parse(readFileSync(join(FOLDER, 'kustomization.yaml'), 'utf8'));
  expect(new Set(resources)).toEqual(new Set(FILES));
  expect(new Set(CONTAINERS.map(({ image }) => image))).toEqual(
    new Set(images.map((each: { name: string }) => each.name)),
  );
});

it('starts every process from a program that the build makes', () => {
  const sources = CONTAINERS.map(({ command }) => command.slice(0, 2).join(' '));
  expect(sources.sort()).toEqual([
    'node apps/api/dist/main.js',
    'node apps/cli/dist/main.js',
    'node apps/worker/dist/main.js',
  ]);
});

it('lets no container gain rights, gives none a token of the cluster, and bounds their memory', () => {
  for (const { name, pod } of PODS) {
    expect([name, pod.automountServiceAccountToken]).toEqual([name, false]);
    expect([name, pod.securityContext?.runAsNonRoot]).toEqual([name, true]);
    for (const { securityContext: rights, resources } of pod.containers) {
      expect([name, rights?.allowPrivilegeEscalation, rights?.capabilities]).toEqual([
        name,
        false,
        { drop: ['ALL'] },
      ]);
      expect(resources?.limits).toHaveProperty('memory');
    }
  }
});

it('sets only variables that some process reads, and holds no secret', () => {
  const folder = join(CHECKOUT, 'packages/platform/src/config');
  const known = readdirSync(folder)
    .map((file) => readFileSync(join(folder, file), 'utf8'))
    .join();
  const set = [
    ...Object.keys(the('ConfigMap', 'spiderhub').data ?? {}),
    ...CONTAINERS.flatMap(({ env = [] }) => env.map(({ name }) => name)),
  ];
  for (const name of set) {
    expect([name, known.includes(` ${name}:`)]).toEqual([name, true]);
    expect(name).not.toMatch(/DATABASE|REDIS|SECRET|KEY|PASSWORD/);
  }
  expect(MANIFESTS.filter(({ kind }) => kind === 'Secret')).toEqual([]);
  for (const { envFrom = [] } of CONTAINERS)
    expect(envFrom).toContainEqual({ secretRef: { name: 'spiderhub' } });
});

it('shares no volume between pods: what stays lies in the bucket', () => {
  const claims = PODS.flatMap(({ pod }) => pod.volumes ?? []).filter(
    (volume) => volume.persistentVolumeClaim,
  );
  expect(claims).toEqual([]);
  expect(the('ConfigMap', 'spiderhub').data?.STORAGE_URL).toMatch(/^s3:/);
  const worker = the('StatefulSet', 'spiderhub-worker').spec as {
    volumeClaimTemplates: { spec: { accessModes: string[] } }[];
  };
  expect(worker.volumeClaimTemplates.map(({ spec }) => spec.accessModes)).toEqual([['ReadWriteOnce']]);
});

it('has an overlay for those without a bucket, which changes what is there', () => {
  const { resources, patches } = parse(readFileSync(join(`${FOLDER}-files`, 'kustomization.yaml'), 'utf8'));
  expect(resources).toEqual(['../kubernetes', 'data.yaml']);
  for (const { target } of patches as { target: { kind: string; name: string } }[])
    the(target.kind, target.name);
  expect(readFileSync(join(`${FOLDER}-files`, 'data.yaml'), 'utf8')).toContain('ReadWriteMany');
});

it('gives a worker the time to drain', () => {
  const worker = PODS.find(({ name }) => name === 'spiderhub-worker')?.pod;
  const seconds = worker?.containers[0]?.env?.find(({ name }) => name === 'DRAIN_SECONDS')?.value;
  expect(worker?.terminationGracePeriodSeconds).toBeGreaterThan(Number(seconds) + 20);
});

it('names the seccomp profile that lies beside', () => {
  const profile = JSON.parse(readFileSync(join(FOLDER, 'seccomp/spiderhub.json'), 'utf8'));
  expect(Object.keys(profile).sort()).toEqual(['architectures', 'defaultAction', 'syscalls']);
  for (const name of ['spiderhub-api', 'spiderhub-worker']) {
    const pod = PODS.find((each) => each.name === name)?.pod;
    expect(pod?.securityContext?.seccompProfile?.localhostProfile).toBe('profiles/spiderhub.json');
  }
  const refused = profile.syscalls.flatMap((rule: { names: string[] }) => rule.names);
  // Boxes are made of these.
  for (const call of [
    'clone',
    'unshare',
    'mount',
    'umount2',
    'pivot_root',
    'sethostname',
    'setns',
    'mount_setattr',
  ])
    expect(refused).not.toContain(call);
});

it('lets nobody connect to a worker, and lets workers reach no private address but the API', () => {
  const policies = MANIFESTS.filter(({ kind }) => kind === 'NetworkPolicy');
  const ofWorker = policies.filter(({ spec }) => JSON.stringify(spec?.podSelector).includes('"worker"'));
  expect(ofWorker.map(({ spec }) => spec?.ingress)).toEqual([undefined, undefined]);
  const text = JSON.stringify(ofWorker);
  for (const network of ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '169.254.0.0/16', 'fc00::/7'])
    expect(text).toContain(network);
  expect(the('NetworkPolicy', 'spiderhub-default').spec?.policyTypes).toEqual(['Ingress', 'Egress']);
});

describe('workers that make Pods', () => {
  const folder = `${FOLDER}-pods`;
  const crawls = parseAllDocuments(readFileSync(join(folder, 'crawls.yaml'), 'utf8')).map(
    (document) => document.toJS() as Manifest & { rules?: { resources: string[]; verbs: string[] }[] },
  );

  it('may make and remove Pods, and give logins away without reading any', () => {
    const roles = crawls.filter(({ kind }) => kind.endsWith('Role'));
    expect(roles.map(({ metadata }) => metadata)).toEqual([
      { name: 'spiderhub-worker', namespace: 'spiderhub-crawls' },
    ]);
    expect(roles[0]?.rules?.map(({ resources, verbs }) => [...resources, ...verbs])).toEqual([
      ['pods', 'create', 'get', 'list', 'watch', 'delete'],
      ['secrets', 'create', 'patch', 'delete'],
    ]);
  });

  it('have an account, and crawls one without rights or token', () => {
    const { resources, patches } = parse(readFileSync(join(folder, 'kustomization.yaml'), 'utf8'));
    expect(resources).toEqual(['../kubernetes', 'crawls.yaml']);
    const patched = patches.map(
      ({ target, patch }: { target: { kind: string; name: string }; patch: string }) => {
        the(target.kind, target.name);
        return parse(patch).spec.template.spec;
      },
    );
    expect(patched).toMatchObject([
      { serviceAccountName: 'spiderhub-worker', automountServiceAccountToken: true },
    ]);
    const accounts = crawls.filter(({ kind }) => kind === 'ServiceAccount') as {
      automountServiceAccountToken?: boolean;
    }[];
    expect(accounts.map((account) => account.automountServiceAccountToken)).toEqual([false, false]);
    const bound = crawls.filter(({ kind }) => kind === 'RoleBinding') as unknown as {
      subjects: { name: string }[];
    }[];
    expect(bound.flatMap(({ subjects }) => subjects.map(({ name }) => name))).toEqual(['spiderhub-worker']);
  });

  it('reach the agents of crawls, and crawls nothing of the cluster but names and the API', () => {
    const policy = crawls.find(
      ({ kind, metadata }) => kind === 'NetworkPolicy' && metadata.name === 'spiderhub-crawls',
    );
    const { podSelector, policyTypes, ingress, egress } = (policy as Manifest).spec as unknown as {
      podSelector: object;
      policyTypes: string[];
      ingress: { from: object[]; ports: { port: number }[] }[];
      egress: { to: { ipBlock?: { except: string[] } }[]; ports?: { port: number }[] }[];
    };
    expect([podSelector, policyTypes]).toEqual([{}, ['Ingress', 'Egress']]);
    expect(ingress.map(({ ports }) => ports.map(({ port }) => port))).toEqual([[6801]]);
    expect(JSON.stringify(ingress[0]?.from)).toContain('"app.kubernetes.io/component":"worker"');
    expect(egress.map(({ ports = [] }) => ports.map(({ port }) => port))).toEqual([[53, 53], [8000], []]);
    const blocks = egress.flatMap(({ to }) => to.flatMap(({ ipBlock }) => (ipBlock ? [ipBlock.except] : [])));
    expect(blocks).toEqual([
      expect.arrayContaining([
        '10.0.0.0/8',
        '169.254.0.0/16',
        '172.16.0.0/12',
        '192.168.0.0/16',
        '127.0.0.0/8',
      ]),
      expect.arrayContaining(['fc00::/7', 'fe80::/10', '::1/128']),
    ]);
  });
});
