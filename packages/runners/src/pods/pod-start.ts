import { type CrawlRequest, DomainError, type Version } from '@spiderhub/core';
import { type AgentClient, NotOurs } from './agent-client.ts';
import { type ApiServer, ApiServerError } from './api-server.ts';
import { MADE_BY, type Pod, statusOf } from './pod.ts';
import { endOf, hindranceOf } from './pod-end.ts';
import type { PodWatch } from './pod-watch.ts';

/** A second create of the same attempt is refused, unless it is our own whose answer got lost. */
export async function createOnce(api: ApiServer, path: string, pod: object, worker: string): Promise<Pod> {
  const { name } = (pod as Pod).metadata;
  try {
    return await api.call<Pod>('POST', path, pod);
  } catch (error) {
    if (!(error instanceof ApiServerError)) throw error;
    if (error.status === 409) {
      const there = await api.call<Pod>('GET', `${path}/${name}`);
      if (there.metadata.annotations?.[MADE_BY] === worker) return there;
      throw new NotOurs(`there is a Pod ${name} already`);
    }
    if (error.status === 403 || error.status === 422)
      throw new DomainError('unavailable', 'no_pod', `the cluster refuses its Pod: ${error.message}`, {
        cause: error,
      });
    throw new DomainError('unavailable', 'no_pod', 'its Pod could not be made.', { cause: error });
  }
}

/** Resolves with the Pod's address when its agent runs and nothing keeps the crawl from starting. */
export async function untilStarted(
  watch: PodWatch,
  name: string,
  signal: AbortSignal,
  timeout: AbortSignal,
): Promise<string> {
  let hindrance: string | null = null;
  try {
    return await watch.until<string>(
      name,
      (pod) => {
        const end = endOf(pod);
        if (end)
          throw notStarted(
            end.words ?? 'its container ended before it had begun',
            end.exit.shimDied !== true,
          );
        const found = pod && hindranceOf(pod);
        hindrance = found?.words ?? null;
        if (found?.isForTheCustomer !== null && found) throw notStarted(found.words, found.isForTheCustomer);
        const isReady = pod && statusOf(pod, 'agent')?.running && statusOf(pod, 'crawl')?.running;
        return (isReady && pod?.status?.podIP) || null;
      },
      signal,
    );
  } catch (error) {
    if (timeout.aborted && !(error instanceof DomainError))
      throw notStarted(hindrance ?? 'its Pod did not start in time', false);
    throw error;
  }
}

function notStarted(words: string, isForTheCustomer: boolean): DomainError {
  return new DomainError(isForTheCustomer ? 'invalid' : 'unavailable', 'no_pod', words);
}

/** A container that runs may not listen yet. */
export async function untilOwn(agent: AgentClient, signal: AbortSignal): ReturnType<AgentClient['own']> {
  for (;;) {
    try {
      return await agent.own(0);
    } catch (error) {
      if (error instanceof NotOurs || signal.aborted) throw error;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}

export function requireVersion({ version, job }: CrawlRequest): Version {
  if (version) return version;
  const wanted =
    job.version === null ? 'Nothing is deployed in this project' : `Version ${job.version} is not deployed`;
  throw new DomainError('invalid', 'no_version', `${wanted}: deploy it with "shub deploy".`);
}
