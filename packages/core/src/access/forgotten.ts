import { hash } from 'node:crypto';
import { accountErrors } from '../errors.ts';
import { shortLine } from '../lib/turnstile.ts';
import type { AccountStore } from '../ports/account-store.ts';
import type { LinkStore } from '../ports/link-store.ts';
import { makeUserLink } from './accounts.ts';
import type { Actor } from './actor.ts';
import type { Letters, Recipient } from './letters.ts';
import type { Patience } from './sign-in.ts';

export interface ForgottenParts {
  accounts: Pick<AccountStore, 'byEmail'>;
  links: LinkStore;
  letters: Letters;
  /** Counts who asks, by name of what is counted. */
  patience: { ofAskers: Patience; ofAddresses: Patience };
  /** Told of what went wrong after the answer. */
  onError(error: unknown): void;
}

/** Letters that wait to be sent; more are not written. */
const MAX_WAITING = 100;

/** Takes the wish of somebody who has forgotten a password. */
export interface Forgotten {
  /**
   * Mails a link for a new password to the address, if a user has it. What follows happens later, so that neither the answer
   * nor its time tells whether there is one. Throws `exhausted` for who asks too often from one place, whatever for, and
   * `conflict` where no mail is set up. Who is asked for too often gets no more letters, and nobody hears of that.
   */
  ask(actor: Actor, to: Recipient): Promise<void>;
  /** Resolves when all letters are sent that wait now. */
  settled(): Promise<void>;
}

export function createForgotten({ accounts, links, letters, patience, onError }: ForgottenParts): Forgotten {
  const line = shortLine(MAX_WAITING);
  let last: Promise<unknown> = Promise.resolve();

  async function write(actor: Actor, to: Recipient): Promise<void> {
    const about = `forgotten ${hash('sha256', to.email.toLowerCase())}`;
    if ((await patience.ofAddresses.waitSeconds(about)) > 0) return;
    await patience.ofAddresses.failed(about);
    const user = await accounts.byEmail(to.email);
    if (!user?.email) return;
    const link = await makeUserLink(links, actor, 'password', user.id);
    // To the address as the user gave it: one that only looks the same after a change of case may be another's.
    await letters.password({ ...to, email: user.email }, link, user.name);
  }

  return {
    async ask(actor, to) {
      if (!letters.canSend) throw accountErrors.noMail();
      const asker = `asks ${actor.address ?? ''}`;
      const seconds = await patience.ofAskers.waitSeconds(asker);
      if (seconds > 0) throw accountErrors.tooManyTries(seconds);
      await patience.ofAskers.failed(asker);
      last = line(() => write(actor, to)).catch(onError);
    },
    settled: async () => void (await last),
  };
}
