import { readServer as contract } from '@spiderhub/wire';
import type { Operation } from '../../../http/operation.ts';
import type { Parts } from '../../../parts.ts';
import { served } from '../served.ts';

export const serverOperation = ({ overview, isolation }: Parts): Operation =>
  served(
    contract,
    'server.read',
  )(async ({ caller }) => {
    caller.mayAnywhere();
    const { workers, oldestPending, ...numbers } = await overview.server();
    const alive = workers.filter(({ isAlive }) => isAlive);
    return {
      ...numbers,
      node: process.versions.node,
      workers: workers.map(({ startedAt, seenAt, ...worker }) => ({
        ...worker,
        startedAt: startedAt.toISOString(),
        seenAt: seenAt.toISOString(),
      })),
      slots: alive.reduce((sum, { slots }) => sum + slots, 0),
      oldestPending: oldestPending?.toISOString() ?? null,
      isolation,
    };
  });
