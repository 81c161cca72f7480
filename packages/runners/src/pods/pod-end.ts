import { constants } from 'node:os';
import type { ProcessExit } from '@spiderhub/core';
import { type Pod, statusOf } from './pod.ts';

/** How the crawl of a Pod ended, and what is to be said of it in the job's log. */
export interface PodEnd {
  exit: ProcessExit & { deadlinePassed: boolean; shimDied?: true };
  words: string | null;
}

export const LOST: PodEnd['exit'] = { code: null, signal: 'SIGKILL', deadlinePassed: false, shimDied: true };

/** What the kubelet writes of a Pod that took more disk than the Pod, and not the node, has. */
const OWN_DISK = /exceeds the (limit|total limit)|exceeds its (local )?ephemeral/i;

/** Null while it may still come to an end by itself. */
export function endOf(pod: Pod | null): PodEnd | null {
  if (pod === null) return lost('The Pod of the crawl was removed by somebody else.');
  const { phase, reason, message = '' } = pod.status ?? {};
  if (reason === 'Evicted' && OWN_DISK.test(message))
    return {
      exit: { code: null, signal: 'SIGKILL', exceeded: 'disk', deadlinePassed: false },
      words: `The crawl was ended: its Pod took more disk than its job may have. ${message}`,
    };
  // Preempted, or a node that went away or was short of something: none of it is the crawl's doing.
  if (phase === 'Failed' && reason)
    return lost(`The Pod of the crawl was ended by the cluster: ${reason}. ${message}`.trim());
  const crawl = statusOf(pod, 'crawl')?.terminated;
  if (crawl) return ended(crawl);
  const agent = statusOf(pod, 'agent')?.terminated;
  if (agent) return lost('What keeps the crawl in its Pod has ended.');
  return phase === 'Failed' || phase === 'Succeeded' ? lost('The Pod of the crawl has ended.') : null;
}

function lost(words: string): PodEnd {
  return { exit: LOST, words };
}

/** What a shell says of a program that a signal ended. */
const BY_SIGNAL = 128;
/** Reasons of containers that have never run. */
const NEVER_RAN = new Set(['ContainerCannotRun', 'StartError', 'ContainerStatusUnknown']);

function ended({
  exitCode,
  signal,
  reason,
  message,
}: {
  exitCode: number;
  signal?: number;
  reason?: string;
  message?: string;
}): PodEnd {
  if (reason === 'ContainerStatusUnknown')
    return lost('Nobody knows how the crawl ended: its node had forgotten it.');
  if (reason && NEVER_RAN.has(reason))
    return {
      exit: { code: exitCode, signal: null, deadlinePassed: false },
      words: `The crawl could not be started: ${message ?? reason}`,
    };
  if (reason === 'OOMKilled')
    return {
      exit: { code: null, signal: 'SIGKILL', exceeded: 'oom', deadlinePassed: false },
      words: 'The crawl was killed: it needed more memory than its job may have.',
    };
  const name = nameOf(signal || exitCode - BY_SIGNAL);
  if (name === null) return { exit: { code: exitCode, signal: null, deadlinePassed: false }, words: null };
  // The kernel was asked: it has killed nobody for memory.
  const exceeded = name === 'SIGKILL' ? ({ exceeded: 'nothing' } as const) : {};
  return { exit: { code: null, signal: name, ...exceeded, deadlinePassed: false }, words: null };
}

function nameOf(number: number): string | null {
  return Object.entries(constants.signals).find(([, value]) => value === number)?.[0] ?? null;
}

/** Why a Pod has not started, where it never will without somebody's help. */
export interface Hindrance {
  /** Null: it may be over soon, and is only told when it has gone on for too long. */
  isForTheCustomer: boolean | null;
  words: string;
}

const WRONG_IMAGE = new Set(['InvalidImageName', 'ErrImageNeverPull']);
/** Kubelets say the first after one try, and the second once they wait before another. */
const NO_IMAGE = new Set(['ErrImagePull', 'ImagePullBackOff', 'ImageInspectError', 'RegistryUnavailable']);
const NO_CONTAINER = new Set(['CreateContainerConfigError', 'CreateContainerError', 'RunContainerError']);

/** What keeps a Pod from starting; null when nothing is known to. */
export function hindranceOf(pod: Pod): Hindrance | null {
  const unschedulable = pod.status?.conditions?.find(
    ({ type, status, reason }) => type === 'PodScheduled' && status === 'False' && reason === 'Unschedulable',
  );
  if (unschedulable)
    return {
      isForTheCustomer: null,
      words: `no node of the cluster has room: ${unschedulable.message ?? ''}`.trim(),
    };
  for (const name of ['crawl', 'agent']) {
    const { reason = '', message } = statusOf(pod, name)?.waiting ?? {};
    const words = message ?? reason;
    const isTheirs = name === 'crawl';
    if (WRONG_IMAGE.has(reason) || reason === 'ImagePullBackOff')
      return { isForTheCustomer: isTheirs, words: `the image cannot be fetched: ${words}` };
    if (NO_IMAGE.has(reason))
      return { isForTheCustomer: null, words: `the image cannot be fetched: ${words}` };
    if (NO_CONTAINER.has(reason))
      return { isForTheCustomer: null, words: `the container cannot be made: ${words}` };
  }
  return null;
}
