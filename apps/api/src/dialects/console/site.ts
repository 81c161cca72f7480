import { type Actor, accountErrors, stranger } from '@spiderhub/core';
import type { Call } from '../../http/operation.ts';

type Reached = Pick<Call<never, never, never>, 'origin' | 'address' | 'headers'>;

/** Where people find us. */
export interface Site {
  /** Address that links begin with. */
  address(call: Reached): string;
  /**
   * Address of links that are mailed: what the operator says, since a request could lead them elsewhere. Throws `conflict`
   * when nothing is said.
   */
  published(): string;
  /** Whether cookies may travel over https alone. */
  isHttps(call: Reached): boolean;
  /** Who calls without having shown who that is. */
  stranger(call: Reached): Actor;
}

/** `publicUrl`: where people reach the service, when that is not where they call. */
export function createSite(publicUrl: string | undefined): Site {
  const address = (call: Reached) => (publicUrl ?? call.origin()).replace(/\/+$/, '');
  return {
    address,
    published() {
      if (publicUrl === undefined) throw accountErrors.noMail();
      return publicUrl.replace(/\/+$/, '');
    },
    isHttps: (call) => address(call).startsWith('https:') || call.origin().startsWith('https:'),
    stranger: (call) => stranger(call.address, call.headers['user-agent'] ?? null),
  };
}
