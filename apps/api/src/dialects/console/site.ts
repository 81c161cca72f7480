import { type Actor, stranger } from '@spiderhub/core';
import type { Call } from '../../http/operation.ts';

type Reached = Pick<Call<never, never, never>, 'origin' | 'address'>;

/** Where people find us. */
export interface Site {
  /** Address that links begin with. */
  address(call: Reached): string;
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
    isHttps: (call) => address(call).startsWith('https:') || call.origin().startsWith('https:'),
    stranger: (call) => stranger(call.address),
  };
}
