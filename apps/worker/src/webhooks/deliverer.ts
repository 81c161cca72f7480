import {
  type Attempted,
  type DeliveryStore,
  type DueDelivery,
  FAILING_MS,
  groupCommit,
  judge,
  placeOfWebhook,
  type SecretKeys,
  signedHeaders,
  type TriedDelivery,
  unseal,
} from '@spiderhub/core';
import { createPulse, type Logger, type Service } from '@spiderhub/platform';
import type { Send } from './send.ts';

/** Messages that one process has under way, and those to one endpoint. */
const AT_ONCE = 256;
const EACH = 4;
/** Of one organisation, from all processes together: slow endpoints of one keep nobody else's messages waiting. */
const TENANT = 64;
/** Of these, to endpoints of which every try has failed for some seconds: however many they are, they keep nobody else's waiting. */
const FAILING_AT_ONCE = 32;
/** Longer than a try can take: what a process that died had under way is sent by another one then, ms. */
const LEASE_MS = 30_000;
/** How often somebody looks whether there is something to send, ms. */
const LOOK_MS = 500;
/** Between two looks, ms: what was sent meanwhile is noted together. */
const GAP_MS = 15;
/** How often the end of a try is told again that could not be noted, and the pause between, ms. */
const TELLS = 5;
const TELL_MS = 2000;

export interface DelivererOptions {
  store: DeliveryStore;
  send: Send;
  keysOf: SecretKeys;
  log: Logger;
  /** How long what a process has under way is nobody else's, ms: longer than a try takes. */
  leaseMs?: number;
  now?: () => Date;
}

export interface Deliverer extends Service {
  /** There may be something to send. */
  soon(): void;
}

/**
 * Sends what is due. Whoever dies in the middle leaves a lease behind, and somebody sends the same again, with the same id:
 * nothing is lost, and nothing comes twice under two names.
 */
export function createDeliverer(options: DelivererOptions): Deliverer {
  const { store, log, leaseMs = LEASE_MS } = options;
  const stopping = new AbortController();
  const pulse = createPulse();
  const underWay = new Set<Promise<void>>();
  let failing = 0;
  let life: Promise<void> = Promise.resolve();
  const settle = groupCommit(async (tried: TriedDelivery[]) => {
    await store.settle(tried, FAILING_MS);
    return tried;
  });

  async function deliver(due: DueDelivery): Promise<void> {
    const attempted = await attempt(due, options);
    const { endpoint, message, tries } = due;
    const tried = { endpoint, message, tries, attempted, verdict: judge(attempted, tries) };
    for (let tells = 1; ; tells += 1) {
      try {
        await settle(tried);
        return;
      } catch (error) {
        // Then its lease ends, and it is sent once more.
        if (tells === TELLS) throw error;
        await new Promise((resolve) => setTimeout(resolve, TELL_MS));
      }
    }
  }

  async function live(): Promise<void> {
    while (!stopping.signal.aborted) {
      const free = AT_ONCE - underWay.size;
      const due = free > 0 ? await claim(free) : [];
      for (const one of due) {
        if (one.isFailing) failing += 1;
        const work = deliver(one)
          .catch((error: unknown) => log.warn({ err: error }, 'the end of a delivery was not noted'))
          .finally(() => {
            underWay.delete(work);
            if (one.isFailing) failing -= 1;
            pulse.beat();
          });
        underWay.add(work);
      }
      await pulse.wait(LOOK_MS, stopping.signal);
      await new Promise((resolve) => setTimeout(resolve, GAP_MS));
    }
  }

  async function claim(free: number): Promise<DueDelivery[]> {
    try {
      return await store.claim({
        limit: free,
        failing: FAILING_AT_ONCE - failing,
        each: EACH,
        tenant: TENANT,
        leaseMs,
      });
    } catch (error) {
      log.warn({ err: error }, 'webhooks wait for the database');
      return [];
    }
  }

  return {
    name: 'webhooks',
    soon: () => pulse.beat(),
    async start() {
      life = live();
    },
    async stop() {
      stopping.abort();
      await life;
      // A try takes seconds at most, and its end is worth noting.
      await Promise.allSettled(underWay);
    },
  };
}

/** Sends one message, signed at this moment. Never rejects. */
async function attempt(due: DueDelivery, options: DelivererOptions): Promise<Attempted> {
  const { send, keysOf, now = () => new Date() } = options;
  const { endpoint, project, url, message, body, secrets } = due;
  let opened: string[];
  try {
    const keys = secrets.length > 0 ? await keysOf() : [];
    opened = secrets.map((sealed) => unseal(keys, placeOfWebhook(project, endpoint), sealed));
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return { status: null, error: why, durationMs: 0, answer: null, retryAfterMs: null };
  }
  return send({ url, body, headers: signedHeaders({ id: message, sentAt: now(), body }, opened) });
}
