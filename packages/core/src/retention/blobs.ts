import type { BlobStore, StoredBlob } from '../ports/blob-store.ts';
import type { BlobLedger } from '../ports/retention-store.ts';

/** A blob that nothing names may still be on its way to being named: no deploy takes so long, ms. */
export const BLOB_GRACE_MS = 24 * 3600_000;
const PAGE = 200;

/**
 * The store for whoever names blobs in rows. Each blob is touched in the ledger before it is there, and named after
 * that, so one that is taken for unused is not removed between the two.
 */
export function inLedger(blobs: BlobStore, ledger: BlobLedger): BlobStore {
  return {
    ...blobs,
    putFile: (path, beforePlaced) =>
      blobs.putFile(path, async (blob) => {
        await ledger.touch(blob);
        await beforePlaced?.(blob);
      }),
  };
}

/** Removes blobs that nothing names any more. Returns how many. */
export async function collectBlobs(
  blobs: BlobStore,
  ledger: BlobLedger,
  unusedMs = BLOB_GRACE_MS,
): Promise<number> {
  await noteAll(blobs, ledger);
  let removed = 0;
  for (let after: string | null = ''; after !== null; ) {
    const page = await ledger.collect({ after, limit: PAGE, unusedMs }, (sha256) => blobs.remove(sha256));
    removed += page.removed;
    after = page.last;
  }
  return removed;
}

/** Blobs from before there was a ledger, or whose process died before anything named them. */
async function noteAll(blobs: BlobStore, ledger: BlobLedger): Promise<void> {
  let batch: StoredBlob[] = [];
  for await (const blob of blobs.list()) {
    batch.push(blob);
    if (batch.length < PAGE) continue;
    await ledger.note(batch);
    batch = [];
  }
  if (batch.length > 0) await ledger.note(batch);
}
