import { readFileSync } from 'node:fs';
import type { MissingPart } from '../level.ts';

type Cause = Pick<MissingPart, 'words' | 'mend'>;

/** Numbers of the kernel's settings; null for those that it does not have. */
export type Sysctl = (name: string) => number | null;

const CONTAINER =
  'run the container with --security-opt seccomp=unconfined --security-opt systempaths=unconfined';

/** Why there can be no box here, in a sentence for the operator, with the command that changes it where there is one. */
export function causeOf(words: string, asRoot: boolean, sysctl: Sysctl = readSysctl): Cause {
  if (/^setting attributes of .*Function not implemented/.test(words))
    return { words: 'Linux is older than 5.12, which boxes need' };
  if (words.startsWith('mounting /proc: '))
    return {
      words: 'a new /proc is refused, since parts of the old one are covered, as in containers',
      mend: CONTAINER,
    };
  if (!asRoot && /user namespace|namespaces?: |making mounts private|mounting a root/.test(words))
    return userNamespaces(words, sysctl);
  if (/^making .*namespaces?: Operation not permitted/.test(words))
    return { words: 'this service may make no namespaces, as in containers', mend: CONTAINER };
  const unreadable = /^(\/.*): Permission denied$/.exec(words)?.[1];
  if (unreadable !== undefined)
    return {
      words: `users of projects cannot reach ${unreadable}`,
      mend: `chmod o+rx ${unreadable}, and the folders above it`,
    };
  return { words };
}

function userNamespaces(words: string, sysctl: Sysctl): Cause {
  const because = 'this machine lets no ordinary user make namespaces';
  if (sysctl('kernel/apparmor_restrict_unprivileged_userns') === 1)
    return { words: because, mend: 'sudo sysctl -w kernel.apparmor_restrict_unprivileged_userns=0' };
  if (sysctl('kernel/unprivileged_userns_clone') === 0)
    return { words: because, mend: 'sudo sysctl -w kernel.unprivileged_userns_clone=1' };
  if (sysctl('user/max_user_namespaces') === 0)
    return { words: because, mend: 'sudo sysctl -w user.max_user_namespaces=15000' };
  return { words: `${because} (${words})`, mend: CONTAINER };
}

function readSysctl(name: string): number | null {
  try {
    return Number(readFileSync(`/proc/sys/${name}`, 'utf8'));
  } catch {
    return null;
  }
}
