import type { BulkReport } from '../../api/jobs.ts';

/** Which jobs: some by their keys, or all that match a filter. */
export type Selected = { keys: string[] } | { q: string };

export interface Progress {
  done: number;
  skipped: number;
  refused: BulkReport['refused'];
  isOver: boolean;
}

const MAX_REFUSED = 20;

/**
 * Does something to many jobs, some hundreds a call, until the service says that there are no more. `onProgress` is told
 * after each call; `isCancelled` ends it between two.
 */
export async function doInParts(
  call: (selected: Selected & { cursor?: string }) => Promise<BulkReport>,
  selected: Selected,
  onProgress: (progress: Progress) => void,
  isCancelled: () => boolean,
): Promise<Progress> {
  let progress: Progress = { done: 0, skipped: 0, refused: [], isOver: false };
  let cursor: string | null = null;
  do {
    const report: BulkReport = await call({ ...selected, ...(cursor !== null && { cursor }) });
    cursor = report.cursor;
    progress = {
      done: progress.done + report.done,
      skipped: progress.skipped + report.skipped,
      refused: [...progress.refused, ...report.refused].slice(0, MAX_REFUSED),
      isOver: cursor === null,
    };
    onProgress(progress);
  } while (cursor !== null && !isCancelled());
  return progress;
}
