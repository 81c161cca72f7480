import type { Tenant } from './boxing.ts';
import type { BoxDescription } from './description.ts';

export interface DescribeOptions {
  level: 'box' | 'uid';
  /** User id of project 0; each project has the next. Null: everything runs as the service's user. */
  uidBase: number | null;
  /** What belongs to an interpreter: its prefix, the one it was made from, its packages. */
  partsOfPython(python: string): Promise<string[]>;
}

const SHM_BYTES = 256 * 2 ** 20;

/** The box of a tenant, before limits and network were added: nothing of either is restricted in it. */
export async function describeBox(tenant: Tenant, options: DescribeOptions): Promise<BoxDescription> {
  const { level, uidBase } = options;
  const uid = uidBase === null ? null : uidBase + tenant.project;
  return {
    level,
    uid,
    gid: uid,
    userns: level === 'box' && uid === null,
    readonly: [...(await options.partsOfPython(tenant.python)), ...tenant.readonly],
    writable: tenant.writable,
    owned: tenant.owned ?? [],
    tmp: tenant.tmp,
    files: {},
    shmBytes: SHM_BYTES,
    cgroups: [],
    rlimits: {},
    network: { kind: 'host' },
    seccomp: 'default',
  };
}
