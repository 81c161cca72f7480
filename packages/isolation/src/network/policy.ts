import { isDeepStrictEqual } from 'node:util';
import type { AllowedNetwork, Destination } from '@spiderhub/core';

/** What crawls may reach beside public addresses, as it holds at a moment. */
export interface Policy {
  /** For all projects: the API of this installation, and what the operator's settings say. */
  everyone: Destination[];
  /** Name servers of this machine, which answer on port 53 to everybody. */
  resolvers: string[];
  /** For each project that has any. */
  projects: ReadonlyMap<number, Destination[]>;
}

export interface PolicyWatchOptions {
  /** What an operator allowed projects. */
  allowed: () => Promise<AllowedNetwork[]>;
  /** The parts that are not a project's. Asked again each time, since name servers change while a machine runs. */
  common: () => Promise<Pick<Policy, 'everyone' | 'resolvers'>>;
  /** How often to look, ms. 1 second by default. */
  everyMs?: number;
  onError: (error: unknown) => void;
}

/** Keeps an eye on the policy. A source that is away changes nothing: what held last goes on to hold. */
export interface PolicyWatch {
  now(): Policy;
  /** Calls back after each change. */
  onChange(listener: (policy: Policy) => void): void;
  /** Looks at once; what it cannot find out stays. */
  look(): Promise<void>;
  close(): void;
}

const EVERY_MS = 1000;
const NOTHING: Policy = { everyone: [], resolvers: [], projects: new Map() };

/** Knows nothing, and so allows nothing but public addresses, until it has looked once. */
export function watchPolicy({
  allowed,
  common,
  everyMs = EVERY_MS,
  onError,
}: PolicyWatchOptions): PolicyWatch {
  let policy = NOTHING;
  let looking: Promise<void> | null = null;
  const listeners: ((policy: Policy) => void)[] = [];

  async function read(): Promise<void> {
    const [theirs, ours] = await Promise.all([allowed().catch(keep), common()]);
    const projects = theirs && new Map(theirs.map(({ project, destinations }) => [project, destinations]));
    const next = { ...ours, projects: projects ?? policy.projects };
    if (isDeepStrictEqual(next, policy)) return;
    policy = next;
    for (const listener of listeners) listener(policy);
  }

  function keep(error: unknown): null {
    onError(error);
    return null;
  }

  function look(): Promise<void> {
    looking ??= read()
      .catch(onError)
      .finally(() => {
        looking = null;
      });
    return looking;
  }

  const timer = setInterval(() => void look(), everyMs).unref();
  return {
    now: () => policy,
    onChange: (listener) => void listeners.push(listener),
    look,
    close: () => clearInterval(timer),
  };
}
