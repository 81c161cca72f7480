import { createHash } from 'node:crypto';
import { statSync } from 'node:fs';
import { startTick } from '@spiderhub/platform';
import type { Policy } from '../policy.ts';
import type { Nft } from './nft.ts';
import { tableText } from './table.ts';

export interface RulesOptions {
  nft: Nft;
  /** Folder of this installation: its tables and the group of its crawls are its own, and no other's are touched. */
  home: string;
  /** User of a project. */
  uidOf: (project: number) => number;
  policy: Policy;
}

/** Rules about what crawls may reach, in a table of this process's own among the machine's. */
export interface Rules {
  table: string;
  /** Who has this group is guarded. */
  gid: number;
  /** Puts another policy in force. */
  change(policy: Policy): Promise<void>;
  /** Loads them again if they are not there any more; whether that was so. */
  restore(): Promise<boolean>;
  /** Takes the table away. */
  remove(): Promise<void>;
}

/** Groups from here on belong to crawls; the numbers of people's end far below. Engines of containers take none from 2^31 on. */
const FIRST_GID = 2_000_000_000;
const GIDS = 140_000_000;

/**
 * Loads the rules. Tables that processes of this installation left behind go after that, since their crawls, which have
 * the same group, may still run. Throws when nft refuses.
 */
export async function createRules({ nft, home, uidOf, policy }: RulesOptions): Promise<Rules> {
  const installation = installationOf(home);
  const prefix = `spiderhub_${installation}_`;
  const gid = FIRST_GID + (Number.parseInt(installation, 16) % GIDS);
  const table = `${prefix}${process.pid}_${startTick(process.pid) ?? 0}`;
  const left = (await nft.tables()).filter((name) => name.startsWith(prefix) && !isOwned(name));
  let current = policy;
  /** One change after the other: each writes all that holds then. */
  let last: Promise<void> = Promise.resolve();

  function inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = last.then(work);
    last = done.then(
      () => {},
      () => {},
    );
    return done;
  }

  const write = () => nft.run(tableText({ name: table, gid, uidOf, policy: current }));
  await write();
  // Another process of this installation may do the same now: what is gone already is no mistake.
  for (const name of left) await nft.run(`add table inet ${name}\ndelete table inet ${name}`);
  return {
    table,
    gid,
    change: (next) =>
      inTurn(() => {
        current = next;
        return write();
      }),
    restore: () =>
      inTurn(async () => {
        if ((await nft.tables()).includes(table)) return false;
        await write();
        return true;
      }),
    remove: () => inTurn(() => nft.run(`delete table inet ${table}`)),
  };
}

/** A short word for a folder, whatever paths lead to it: two installations never have the same. */
function installationOf(home: string): string {
  const { dev, ino } = statSync(home, { bigint: true });
  return createHash('sha256').update(`${dev}:${ino}`).digest('hex').slice(0, 12);
}

/** Whether the process that a table is named after still runs. */
function isOwned(table: string): boolean {
  const [, pid, tick] = /_(\d+)_(\d+)$/.exec(table) ?? [];
  return pid !== undefined && startTick(Number(pid)) === Number(tick);
}
