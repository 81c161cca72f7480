import { verifySegments } from '@spiderhub/storage';
import type { System } from './system.ts';

const AGE_EVERY_MS = 15_000;
/** Older than what a call of S3 may take with all its tries. */
const OLD_ENOUGH_S = 150;

/** What comes of objects while things break. */
export interface ObjectsWatch {
  end(): void;
  /** In words; empty when everything that is named is there and whole, and nothing else is there. */
  judge(): Promise<string[]>;
  figures(): Promise<Record<string, number>>;
}

/**
 * Lets small streams be packed and unused objects be removed as if minutes and an hour had gone by, which a run does not
 * have. Null where streams are files.
 */
export function watchObjects({
  storage: { objects },
  database,
}: Pick<System, 'storage' | 'database'>): ObjectsWatch | null {
  if (!objects) return null;
  const timer = setInterval(() => void age().catch(() => undefined), AGE_EVERY_MS);

  async function age(): Promise<void> {
    await database.raw(
      `update stream_heads set ready_at = now() - interval '10 minutes' where state = 'ready'`,
    );
    await database.raw(
      `update stream_garbage set since = since - interval '2 hours'
      where since between now() - interval '1 hour' and now() - interval '${OLD_ENOUGH_S} s'`,
    );
  }

  async function figures(): Promise<Record<string, number>> {
    const { rows } = await database.raw<{ rows: Record<string, number>[] }>(
      `select (select count(distinct object)::int from stream_extents) as objects,
        (select count(distinct object)::int from stream_extents where object like '%/packed/%') as packed,
        (select count(*)::int from stream_chunks) as chunks, (select count(*)::int from stream_garbage) as garbage`,
    );
    return rows[0] ?? {};
  }

  return {
    end: () => clearInterval(timer),
    figures,
    async judge() {
      const words: string[] = [];
      const found = await verifySegments({
        ...objects,
        fix: false,
        olderMs: 0,
        onFound: (finding) => words.push(finding),
      });
      return found.members > 0 ? words : ['nothing was ever put into an object'];
    },
  };
}
