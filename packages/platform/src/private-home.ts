import { chmodSync, mkdirSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** Folders of SPIDERHUB_HOME with what tenants sent, what was made of it, and what was said about it. */
const PRIVATE = ['data', 'work', 'envs', 'tmp', 'logs'];
/** All that Spiderhub ever puts into a home, also beside it while it is made. */
const OURS =
  /^(data|work|envs|tmp|logs|python|redis|redis-programs|postgres|run|lock|processes\.json|demo\.json)([.-]|$)/;

const OWNER_ALONE = 0o700;
/** Others may pass through to what is theirs, and list nothing. */
const PASSABLE = 0o711;

/**
 * Makes the folders of a home that hold tenants' data, and closes them and the home to everybody but its owner: those
 * that an earlier release left open, too. `passable`: the user of the embedded PostgreSQL may pass through the home
 * itself; left away, it stays as passable as it is. Returns a sentence for each folder that has to be closed by hand.
 */
export function keepPrivate(home: string, { passable }: { passable?: boolean } = {}): string[] {
  mkdirSync(home, { recursive: true, mode: OWNER_ALONE });
  const folders = PRIVATE.map((name) => join(home, name));
  for (const folder of folders) mkdirSync(folder, { recursive: true, mode: OWNER_ALONE });
  // Somebody's own folder that is used as a home, too, may have to be open for what else is in there.
  const isOurs = readdirSync(home).every((name) => OURS.test(name));
  const ofHome = isOurs ? close(home, passable === false ? OWNER_ALONE : PASSABLE) : openHome(home);
  return [...ofHome, ...folders.flatMap((folder) => close(folder, OWNER_ALONE))];
}

function openHome(home: string): string[] {
  const isOpen = (statSync(home).mode & 0o066) !== 0;
  return isOpen ? [`${home} holds files that are not of Spiderhub and stays open to other users`] : [];
}

/** Takes away what the mode does not allow. It never gives rights. */
function close(folder: string, mode: number): string[] {
  const found = statSync(folder).mode & 0o777;
  if ((found & ~mode) === 0) return [];
  try {
    chmodSync(folder, found & mode);
    return [];
  } catch (error) {
    return [`${folder} is open to other users and cannot be closed: ${(error as Error).message}`];
  }
}
