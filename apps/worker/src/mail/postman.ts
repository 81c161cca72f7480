import {
  DomainError,
  type DueNotice,
  type Mailer,
  type NoticeEnd,
  type NoticeStore,
  pauseMs,
} from '@spiderhub/core';
import { createPulse, type Logger, type Service } from '@spiderhub/platform';

/** Mails that one process has under way. */
const AT_ONCE = 4;
/** Longer than a mail server may take: what a process that died had under way is sent by another one then, ms. */
const LEASE_MS = 60_000;
/** How often somebody looks whether there is something to send, ms. */
const LOOK_MS = 1000;

export interface PostmanOptions {
  store: NoticeStore;
  mailer: Mailer;
  /** Where people find the page; without it mails name no place there. */
  site?: string | undefined;
  log: Logger;
  leaseMs?: number;
}

/**
 * Mails what is due. Whoever dies in the middle leaves a lease behind, and somebody mails the same again, with the same
 * Message-ID: nothing is lost.
 */
export function createPostman({ store, mailer, site, log, leaseMs = LEASE_MS }: PostmanOptions): Service {
  const stopping = new AbortController();
  const pulse = createPulse();
  let life: Promise<void> = Promise.resolve();

  async function mail(due: DueNotice): Promise<void> {
    const end = await endOf(due);
    if (end.state === 'failed') log.warn({ notice: due.id, why: end.error }, 'a notice was not mailed');
    await store.settle(due.id, due.tries, end);
  }

  async function endOf({ id, to, subject, text, place, tries }: DueNotice): Promise<NoticeEnd> {
    if (to === null) return { state: 'failed', error: 'has no address here any more' };
    const link = site !== undefined && place !== null ? `\n${site}${place}\n` : '';
    try {
      await mailer.send({ to, subject, text: text + link, id });
      return { state: 'sent' };
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      const afterMs = error instanceof DomainError && error.kind === 'invalid' ? null : pauseMs(tries);
      return afterMs === null ? { state: 'failed', error: why } : { state: 'waiting', error: why, afterMs };
    }
  }

  /** Mails some, and returns how many. */
  async function round(): Promise<number> {
    try {
      const due = await store.claim(AT_ONCE, leaseMs);
      await Promise.all(due.map(mail));
      return due.length;
    } catch (error) {
      log.warn({ err: error }, 'mail waits for the database');
      return 0;
    }
  }

  async function live(): Promise<void> {
    while (!stopping.signal.aborted) {
      const mailed = await round();
      if (mailed < AT_ONCE) await pulse.wait(LOOK_MS, stopping.signal);
    }
  }

  return {
    name: 'mail',
    async start() {
      life = live();
    },
    async stop() {
      stopping.abort();
      await life;
    },
  };
}
