import type { RunOutcome, Schedule } from '../../api/schedules.ts';

export const OVERLAPS: Record<Schedule['overlap'], string> = {
  skip: 'leave this run out',
  allow: 'start it beside the other',
  queue: 'let one wait behind the other',
  replace: 'stop the other, then start',
};

export const CATCHUPS: Record<Schedule['catchup'], string> = {
  skip: 'leave them out',
  one: 'run once for all of them',
  all: 'run each of them, at most 100',
};

/** What became of a planned time: a word, what it means, and the class that colours it. */
export const OUTCOMES: Record<RunOutcome, { word: string; means: string; kind: string }> = {
  scheduled: { word: 'started', means: 'All of its jobs started', kind: 'finished' },
  partly: { word: 'partly', means: 'Some of its jobs started', kind: 'cancelled' },
  overlap: { word: 'left out', means: 'A job of before was still active', kind: 'pending' },
  missed: { word: 'missed', means: 'Nobody could run it then', kind: 'failed' },
  refused: { word: 'refused', means: 'Nothing could be started', kind: 'failed' },
};

/** Expressions to begin with. */
export const EXAMPLES: readonly (readonly [words: string, cron: string])[] = [
  ['every hour', '0 * * * *'],
  ['every day', '30 6 * * *'],
  ['weekdays', '30 6 * * MON-FRI'],
  ['every week', '0 6 * * MON'],
  ['every month', '0 6 1 * *'],
  ['last of the month', '0 6 L * *'],
];
