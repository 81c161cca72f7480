const LONGEST = 300;

/**
 * What is the same in messages of one kind: its first line, and of a traceback its last one, without numbers, addresses,
 * quoted parts and other things that differ from time to time.
 */
export function shapeOf(message: string): string {
  const lines = message.split('\n').filter((line) => line.trim() !== '');
  const [first = ''] = lines;
  const last = lines.at(-1) ?? '';
  const text = lines.length > 1 && last !== first && /^\S/.test(last) ? `${first} ... ${last}` : first;
  return text
    .slice(0, 2000)
    .replaceAll(/\bhttps?:\/\/[^\s<>"')\]]+/gi, '#url')
    .replaceAll(/0x[0-9a-f]+/gi, '#')
    .replaceAll(/\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b/gi, '#')
    .replaceAll(/"[^"]*"|'[^']*'/g, '#')
    .replaceAll(/\d+(?:[.,:]\d+)*/g, '#')
    .replaceAll(/\s+/g, ' ')
    .trim()
    .slice(0, LONGEST);
}
