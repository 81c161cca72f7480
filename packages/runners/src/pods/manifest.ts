import type { Allowance } from '@spiderhub/isolation';
import { AGENT_PORT } from './agent-client.ts';
import { LABELS, MADE_BY } from './pod.ts';

/** Where things are inside of the containers of a Pod. */
export const IN_POD = {
  /** Of the agent alone. */
  state: '/var/spiderhub',
  /** The crawl reads here. */
  shared: '/run/spiderhub',
  home: '/scrapinghub',
  tmp: '/tmp',
};

export interface PodPlan {
  name: string;
  job: { id: number; attempt: number; project: number };
  installation: string;
  /** Which worker process makes it. */
  madeBy: string;
  /** Of the token that workers show to the agent. */
  tokenSha256: string;
  /** Image of the service, with Python and the launcher at these places. */
  own: { image: string; python: string; launcherDir: string };
  /** What the crawl's container runs. */
  crawl: { image: string; command: string[]; pullSecret: string | null };
  allowance: Allowance;
  spoolBytes: number;
  /** The kubelet ends the whole Pod after so long, s. */
  lifeSeconds: number;
  /** How long a crawl may take to end whose Pod is removed by others, s. */
  graceSeconds: number;
}

/** User of the crawl, and of the agent, which it cannot signal. */
const CRAWL_USER = 65_534;
const AGENT_USER = 65_532;
const MIB = 2 ** 20;
const AGENT_MEMORY = '256Mi';
/** What a crawl is given: its egg, its settings. */
const GIVEN_BYTES = 512 * MIB;

/**
 * Process 1 of the crawl's container, which may start before the agent has made its pipes. Writing to `out` waits until the agent reads, which it does once all that the crawl is
 * given is there. Signals come as lines; the Pod's own end is handed on. With this shell all of the container ends.
 */
const START = `until [ -p ${IN_POD.shared}/orders ]; do sleep 0.1 2>/dev/null; done
exec >${IN_POD.shared}/out 2>${IN_POD.shared}/err
. ${IN_POD.shared}/environment
"$@" </dev/null & crawl=$!
while read -r name; do kill -s "$name" "$crawl"; done <${IN_POD.shared}/orders 2>/dev/null &
trap 'kill -s TERM "$crawl"' TERM
wait "$crawl"; status=$?
while kill -s 0 "$crawl" 2>/dev/null; do wait "$crawl"; status=$?; done
exit "$status"`;

const RIGHTS = {
  allowPrivilegeEscalation: false,
  readOnlyRootFilesystem: true,
  capabilities: { drop: ['ALL'] },
};

/** The Pod of one attempt. It holds nothing that is secret, and nothing of a tenant but the name of an image. */
export function podOf(plan: PodPlan): object {
  const { name, job, installation, crawl } = plan;
  const user = { runAsNonRoot: true, runAsUser: CRAWL_USER, runAsGroup: CRAWL_USER };
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name,
      labels: {
        'app.kubernetes.io/name': 'spiderhub',
        'app.kubernetes.io/component': 'crawl',
        [LABELS.installation]: installation,
        [LABELS.id]: String(job.id),
        [LABELS.attempt]: String(job.attempt),
        'spiderhub.org/project': String(job.project),
      },
      annotations: { [MADE_BY]: plan.madeBy },
    },
    spec: {
      // Whether it runs again is ours to say: attempts are counted where jobs are.
      restartPolicy: 'Never',
      activeDeadlineSeconds: plan.lifeSeconds,
      terminationGracePeriodSeconds: plan.graceSeconds,
      serviceAccountName: 'spiderhub-crawl',
      automountServiceAccountToken: false,
      enableServiceLinks: false,
      securityContext: { ...user, fsGroup: CRAWL_USER, seccompProfile: { type: 'RuntimeDefault' } },
      ...(crawl.pullSecret !== null && { imagePullSecrets: [{ name: crawl.pullSecret }] }),
      containers: [agentOf(plan), crawlOf(plan)],
      volumes: volumesOf(plan),
    },
  };
}

function agentOf({ own, tokenSha256 }: PodPlan): object {
  return {
    name: 'agent',
    image: own.image,
    command: [own.python, '-I', '-S', '-u', `${own.launcherDir}/pod_agent.py`, IN_POD.state, IN_POD.shared],
    env: [
      { name: 'POD_IP', valueFrom: { fieldRef: { fieldPath: 'status.podIP' } } },
      { name: 'AGENT_PORT', value: String(AGENT_PORT) },
      { name: 'AGENT_TOKEN_SHA256', value: tokenSha256 },
    ],
    ports: [{ name: 'agent', containerPort: AGENT_PORT }],
    resources: { requests: { cpu: '20m', memory: '64Mi' }, limits: { memory: AGENT_MEMORY } },
    securityContext: { ...RIGHTS, runAsUser: AGENT_USER, runAsGroup: AGENT_USER },
    volumeMounts: [
      { name: 'state', mountPath: IN_POD.state },
      { name: 'shared', mountPath: IN_POD.shared },
    ],
  };
}

function crawlOf({ own, crawl, allowance }: PodPlan): object {
  return {
    name: 'crawl',
    image: crawl.image,
    // That a node has somebody's image is of no use to a project that may not fetch it.
    imagePullPolicy: crawl.image === own.image ? 'IfNotPresent' : 'Always',
    command: ['/bin/sh', '-c', START, 'sh', ...crawl.command],
    workingDir: IN_POD.home,
    resources: resourcesOf(allowance),
    // What obeys no order, or has lost its agent, is ended by its node, whoever can be reached.
    livenessProbe: {
      httpGet: { path: '/alive', port: AGENT_PORT },
      initialDelaySeconds: 20,
      periodSeconds: 5,
      timeoutSeconds: 5,
      failureThreshold: 3,
      terminationGracePeriodSeconds: 1,
    },
    securityContext: { ...RIGHTS, runAsUser: CRAWL_USER, runAsGroup: CRAWL_USER },
    volumeMounts: [
      // Pipes can be written to all the same.
      { name: 'shared', mountPath: IN_POD.shared, readOnly: true },
      { name: 'home', mountPath: IN_POD.home },
      { name: 'tmp', mountPath: IN_POD.tmp },
    ],
  };
}

function resourcesOf({ units, memoryBytes, diskBytes, cpus }: Allowance): object {
  const limits = {
    ...(memoryBytes !== null && { memory: String(memoryBytes) }),
    ...(cpus !== null && { cpu: String(cpus) }),
    ...(diskBytes !== null && { 'ephemeral-storage': String(diskBytes) }),
  };
  // Without a limit of cores a share of what others leave, by units.
  const requests = {
    ...(memoryBytes !== null && { memory: limits.memory }),
    cpu: String(cpus ?? units * 0.1),
  };
  return { requests, limits };
}

function volumesOf({ allowance, spoolBytes }: PodPlan): object[] {
  const bounded = (bytes: number | null) => (bytes === null ? {} : { sizeLimit: String(bytes) });
  return [
    // A spool that is full makes the crawl wait; this is above what it may have then.
    { name: 'state', emptyDir: bounded(spoolBytes * 2) },
    { name: 'shared', emptyDir: bounded(GIVEN_BYTES) },
    { name: 'home', emptyDir: bounded(allowance.diskBytes) },
    { name: 'tmp', emptyDir: bounded(allowance.diskBytes) },
  ];
}
