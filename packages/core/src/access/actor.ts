import type { Visitor } from './access.ts';
import type { Principal } from './principal.ts';

/** Who changes something, for what is kept about the change. Every function that changes people or rights takes one. */
export interface Actor {
  /**
   * `user`: who is signed in; `key`: of a user or a project; `staff`: a key of staff, or a user of the staff who is signed in; `scrapyd`: a user or a network of Scrapyd's API; `command`: the
   * admin command, which has the database itself; `service`: our own processes.
   */
  kind: 'user' | 'key' | 'staff' | 'job' | 'scrapyd' | 'nobody' | 'command' | 'service';
  /** As lists show it. */
  name: string;
  user: number | null;
  key: number | null;
  session: number | null;
  /** From where, null for commands. */
  address: string | null;
  /** The client's own words for itself. */
  client: string | null;
}

/** What is kept of a caller at an address. */
export function actorOf(who: Principal, from: Visitor): Actor {
  const { name, user, shown } = who;
  const key = shown && 'key' in shown ? shown.key : null;
  const session = shown && 'session' in shown ? shown.session : null;
  return { kind: kindOf(who), name, user, key, session, ...from };
}

function kindOf({ shown, staff, job }: Principal): Actor['kind'] {
  if (job) return 'job';
  if (staff) return 'staff';
  if (!shown) return 'scrapyd';
  return 'key' in shown ? 'key' : 'user';
}

/** The admin command. */
export const COMMAND: Actor = {
  kind: 'command',
  name: 'npm run admin',
  user: null,
  key: null,
  session: null,
  address: null,
  client: null,
};

/** Somebody who has shown nothing but the token of a link, or a name and a password. */
export function stranger(address: string, client: string | null = null): Actor {
  return { kind: 'nobody', name: 'nobody', user: null, key: null, session: null, address, client };
}

/** Our own processes, and tools that have the database, by a name of theirs. */
export function service(name: string): Actor {
  return { ...COMMAND, kind: 'service', name };
}
