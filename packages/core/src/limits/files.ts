import type { JobKey } from '../jobs/job.ts';
import { formatJobKey } from '../jobs/key.ts';
import { type LimitBook, limitOfOne } from './limit-book.ts';
import { limitErrors } from './limit-errors.ts';
import { checkStored } from './pending.ts';
import type { LimitName } from './service-limits.ts';

const OF_STREAM: ReadonlyMap<string, LimitName> = new Map([
  ['items', 'itemsPerJob'],
  ['logs', 'logsPerJob'],
]);

/** What may be stored for a project. */
export interface FileLimits {
  /** Throws `forbidden` when the files of the project, or of its organisation, take as much as they may. */
  check(project: number): Promise<void>;
  /** The same, and throws `too_large` for an egg of more bytes than one may have. */
  checkEgg(project: number, sizeBytes: number): Promise<void>;
  /** How many records a stream of a job may have; null: as many as want. */
  mostRecords(project: number, stream: string): Promise<number | null>;
}

export function createFileLimits(book: LimitBook): FileLimits {
  async function check(project: number): Promise<void> {
    const allowance = await book.ofProject(project);
    if (allowance) checkStored(project, allowance);
  }

  return {
    check,
    async checkEgg(project, sizeBytes) {
      await check(project);
      const allowance = await book.ofProject(project);
      const limit = allowance && limitOfOne(allowance, 'eggBytes');
      if (limit !== null && sizeBytes > limit) throw limitErrors.tooLarge('egg', 'eggBytes', limit);
    },
    async mostRecords(project, stream) {
      const name = OF_STREAM.get(stream);
      const allowance = name && (await book.ofProject(project));
      return allowance ? limitOfOne(allowance, name) : null;
    },
  };
}

/** Throws `forbidden` for a job whose stream would come to an end beyond what it may have. */
export function checkRecords(job: JobKey, stream: string, end: number, most: number): void {
  const name = OF_STREAM.get(stream);
  if (name && end > most) throw limitErrors.reached(name, { job: formatJobKey(job) }, most);
}
