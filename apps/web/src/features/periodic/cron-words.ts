import cronstrue from 'cronstrue';

const ONCE = /^\d{4}-\d\d-\d\dT/;

/**
 * What an expression says, in words; null for what no words are known for. Only the service knows what it takes, and
 * when that would run.
 */
export function cronWords(cron: string): string | null {
  const text = cron.trim();
  if (ONCE.test(text)) return `Once, at ${text.replace('T', ' ')}`;
  const fields = text.split(/\s+/);
  const weekday = fields[4] ?? '';
  const isBoth = weekday.startsWith('+');
  const plain = isBoth ? [...fields.slice(0, 4), weekday.slice(1)].join(' ') : text;
  try {
    const words = cronstrue.toString(plain, { use24HourTimeFormat: true, logicalAndDayFields: isBoth });
    return text.startsWith('@') ? words : withDays(words, fields, isBoth);
  } catch {
    return null;
  }
}

const isAny = (field: string | undefined) => field === '*' || field === '?' || field === undefined;

/** Where a day of the month and one of the week are given, either will do; a run each day is said to be one. */
function withDays(words: string, [minute, hour, day, month, weekday]: string[], isBoth: boolean): string {
  if (!isBoth && !isAny(day) && !isAny(weekday)) return words.replace(/, and (on )?/, ', or $1');
  const isOnceADay = /^\d+$/.test(minute ?? '') && /^\d+$/.test(hour ?? '');
  if (isOnceADay && isAny(day) && isAny(month) && isAny(weekday)) return `${words}, every day`;
  return words;
}
