import type { Schedule } from '../../api/schedules.ts';
import { cronWords } from './cron-words.ts';
import type { Shown } from './search.ts';

/** Whether its last planned time came to nothing, or only to a part, for a reason that somebody may mend. */
export const didNotStart = ({ lastRun }: Pick<Schedule, 'lastRun'>): boolean =>
  lastRun !== null && ['partly', 'missed', 'refused'].includes(lastRun.outcome);

/** Whether a periodic job is one of those that are asked for. */
export function isShown(schedule: Schedule, show: Shown, q: string): boolean {
  if (show === 'active' && schedule.disabled) return false;
  if (show === 'paused' && !schedule.disabled) return false;
  if (show === 'did not start' && !didNotStart(schedule)) return false;
  const { cron, timezone, description, tags, tasks, createdBy } = schedule;
  const words = [cron, timezone, description, cronWords(cron) ?? '', createdBy, ...tags];
  const texts = [...words, ...tasks.map(({ spider }) => spider)].join('\n').toLowerCase();
  return q
    .toLowerCase()
    .split(/\s+/)
    .every((word) => texts.includes(word));
}
