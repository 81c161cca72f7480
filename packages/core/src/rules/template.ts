import { requestErrors } from '../errors.ts';
import type { Job } from '../jobs/job.ts';
import { formatJobKey } from '../jobs/key.ts';

/** What texts of a rule may hold of the job that ended. */
const WORDS: Record<string, (job: Job) => string> = {
  'job.key': ({ key }) => formatJobKey(key),
  'job.spider': ({ spiderName }) => spiderName,
  'job.close_reason': ({ closeReason }) => closeReason ?? '',
  'job.items': ({ counts }) => String(counts.items),
  'job.pages': ({ counts }) => String(counts.pages),
  'job.errors': ({ counts }) => String(counts.errors),
  'job.version': ({ version }) => version ?? '',
  tags: ({ tags }) => tags.join(','),
};

const WORD = /\{\{\s*([^{}]*?)\s*\}\}/g;

/** Throws `invalid` that names the field for a word that stands for nothing. */
export function checkTemplate(field: string, text: string): void {
  for (const [, word = ''] of text.matchAll(WORD)) {
    if (!Object.hasOwn(WORDS, word) && !/^job\.args\.[\w-]{1,100}$/.test(word))
      throw requestErrors.invalid(
        field,
        `{{${word.slice(0, 100)}}} is none of ${Object.keys(WORDS).join(', ')}, job.args.NAME`,
      );
  }
}

/**
 * The text about this job. Throws `invalid` before it becomes longer than `most` characters: one word, written often, makes
 * a text of any length of a long argument.
 */
export function filledIn(text: string, job: Job, most = Number.POSITIVE_INFINITY): string {
  let length = text.length;
  return text.replaceAll(WORD, (written, word: string) => {
    const filled = wordOf(word, job);
    length += filled.length - written.length;
    if (length > most) throw requestErrors.invalid('action', `a text becomes longer than ${most} characters`);
    return filled;
  });
}

function wordOf(word: string, job: Job): string {
  if (Object.hasOwn(WORDS, word)) return WORDS[word]?.(job) ?? '';
  const name = word.slice('job.args.'.length);
  return Object.hasOwn(job.args, name) ? (job.args[name] ?? '') : '';
}
