/** Python's levels, which Scrapy's logs use. */
export const LOG_LEVELS = { DEBUG: 10, INFO: 20, WARNING: 30, ERROR: 40, CRITICAL: 50 } as const;
export type LogLevelName = keyof typeof LOG_LEVELS;

const NAMES = new Map<number, string>(Object.entries(LOG_LEVELS).map(([name, level]) => [level, name]));

/** Undefined for a level that has no name of its own. */
export function logLevelName(level: number): string | undefined {
  return NAMES.get(level);
}

/** How many of the counted levels (level to count, as a log stream keeps them) are errors or worse. */
export function errorsIn(levels: Record<string, number>): number {
  let errors = 0;
  for (const [level, count] of Object.entries(levels)) {
    if (Number(level) >= LOG_LEVELS.ERROR) errors += count;
  }
  return errors;
}
