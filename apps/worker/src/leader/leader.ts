import type { DispatchStore, LostAttempt, Ticket, TicketSender } from '@spiderhub/core';
import type { Leadership } from '@spiderhub/db';
import type { Logger, Service } from '@spiderhub/platform';
import { createPulse } from '../pulse.ts';
import { within } from '../within.ts';

/** How often a standby asks for the leader's place, ms. */
const STANDBY_MS = 300;
/** Longest wait between two looks at the queue when no hint comes, ms. */
const POLL_MS = 200;
/** An admitted attempt that nobody claimed for this long gets its ticket again, ms. */
const RESEND_AFTER_MS = 2000;
const RESEND_EVERY_MS = 1000;
const REAP_EVERY_MS = 1000;
/** How long Redis may take; reaping and admitting must not wait for it. */
const SEND_MS = 3000;

export interface LeaderOptions {
  tryToLead: () => Promise<Leadership | null>;
  dispatch: DispatchStore;
  tickets: TicketSender;
  /** Corrects what the job says of an attempt whose worker died. */
  recount: (ended: LostAttempt) => Promise<void>;
  log: Logger;
}

export interface Leader extends Service {
  /** Looks at the queue now instead of at the next poll. */
  wake(): void;
}

/** What exactly one process does at any time: admit, send tickets again, reap. The others stand by. */
export function createLeader({ tryToLead, dispatch, tickets, recount, log }: LeaderOptions): Leader {
  const pulse = createPulse();
  const stopping = new AbortController();
  let life: Promise<void> = Promise.resolve();

  /** A ticket that did not get through in time is sent again as one that nobody claimed. */
  function send(list: Ticket[]): Promise<void> {
    return within(AbortSignal.timeout(SEND_MS), tickets.send(list));
  }

  async function lead(leadership: Leadership): Promise<void> {
    log.info('leading');
    const resend = every(RESEND_EVERY_MS, async () => send(await dispatch.unclaimed(RESEND_AFTER_MS)));
    const reap = every(REAP_EVERY_MS, async () => {
      const reaped = await dispatch.reap();
      if (reaped.length > 0) log.warn({ reaped: reaped.length }, 'attempts were lost with their worker');
      for (const ended of reaped) await recount(ended).catch(complain);
    });
    while (!stopping.signal.aborted && !leadership.lost.aborted) {
      await dispatch.admit().then(send).catch(complain);
      await resend().catch(complain);
      await reap().catch(complain);
      await pulse.wait(POLL_MS, stopping.signal);
    }
  }

  function complain(error: unknown): void {
    log.warn({ err: error }, 'dispatch is waiting for its servers');
  }

  async function live(): Promise<void> {
    while (!stopping.signal.aborted) {
      const leadership = await tryToLead().catch((error: unknown) => {
        complain(error);
        return null;
      });
      if (leadership) {
        try {
          await lead(leadership);
        } finally {
          await leadership.release().catch(complain);
        }
      } else await pulse.wait(STANDBY_MS, stopping.signal);
    }
  }

  return {
    name: 'leader',
    wake: () => pulse.beat(),
    async start() {
      life = live();
    },
    async stop() {
      stopping.abort();
      await life;
    },
  };
}

/** Makes `work` run at most once in `ms`; the returned function is called as often as one likes. */
function every(ms: number, work: () => Promise<void>): () => Promise<void> {
  let nextAt = 0;
  return async () => {
    if (performance.now() < nextAt) return;
    nextAt = performance.now() + ms;
    await work();
  };
}
