import type { Principal } from './principal.ts';

/** Who changes something, for what is kept about the change. Every function that changes people or rights takes one. */
export interface Actor {
  /** `command`: the admin command, which has the database itself. */
  kind: 'user' | 'key' | 'job' | 'nobody' | 'command';
  /** As lists show it. */
  name: string;
  user: number | null;
  key: number | null;
  session: number | null;
  /** From where, null for commands. */
  address: string | null;
}

/** What is kept of a caller at an address. */
export function actorOf({ name, user, shown, job }: Principal, address: string | null): Actor {
  const key = shown && 'key' in shown ? shown.key : null;
  const session = shown && 'session' in shown ? shown.session : null;
  const kind = job ? 'job' : key === null && user !== null ? 'user' : 'key';
  return { kind, name, user, key, session, address };
}

/** The admin command. */
export const COMMAND: Actor = {
  kind: 'command',
  name: 'npm run admin',
  user: null,
  key: null,
  session: null,
  address: null,
};

/** Somebody who has shown nothing but the token of a link, or a name and a password. */
export function stranger(address: string): Actor {
  return { kind: 'nobody', name: 'nobody', user: null, key: null, session: null, address };
}
