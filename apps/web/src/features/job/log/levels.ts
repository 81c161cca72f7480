/** Python's levels as people name them. */
export const LEVELS = [
  [10, 'DEBUG'],
  [20, 'INFO'],
  [30, 'WARNING'],
  [40, 'ERROR'],
  [50, 'CRITICAL'],
] as const;

/** The name of a level, also of one between two. */
export function levelName(level: number): string {
  return LEVELS.findLast(([from]) => level >= from)?.[1] ?? 'DEBUG';
}

export type TimeStyle = 'clock' | 'since start' | 'between lines';

/** How many records have at least a level. */
export function countFrom(levels: readonly { level: number; count: number }[], from: number): number {
  return levels.filter(({ level }) => level >= from).reduce((sum, { count }) => sum + count, 0);
}

/** First line of a message, and how many follow. */
export function firstLine(message: string): { text: string; more: number } {
  const end = message.indexOf('\n');
  if (end === -1) return { text: message, more: 0 };
  return { text: message.slice(0, end), more: message.trimEnd().split('\n').length - 1 };
}
