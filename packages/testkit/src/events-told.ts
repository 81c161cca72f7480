import type { Database } from '@spiderhub/db';
import { eventually } from './eventually.ts';

/**
 * Until readers of the event log see all that was written before. Events wait for every transaction of the server that is
 * older and still writes: those of tests on other databases, too.
 */
export async function eventsTold(database: Database): Promise<void> {
  const { rows } = await database.raw<{ rows: [{ next: string }] }>(
    'select pg_snapshot_xmax(pg_current_snapshot())::text as next',
  );
  const [{ next }] = rows;
  await eventually(async () => {
    const { rows: oldest } = await database.raw<{ rows: unknown[] }>(
      'select where pg_snapshot_xmin(pg_current_snapshot()) >= ?::xid8',
      [next],
    );
    if (oldest.length === 0) throw new Error('an older transaction still writes');
  });
}
