/** The filter of jobs as text, the way people write it: chips and menus edit the same text that is typed. */

/** Words and `field:value` pairs, quotes kept. */
export function tokensOf(text: string): string[] {
  return text.match(/(?:[^\s"]+|"[^"]*"?)+/g) ?? [];
}

/** The values of a field, quotes taken off. Negated ones (`-tag:x`) are another field. */
export function valuesOf(text: string, field: string): string[] {
  return tokensOf(text)
    .filter((token) => token.startsWith(`${field}:`))
    .map((token) => token.slice(field.length + 1).replaceAll('"', ''));
}

/** The text with another value for a field, or without that field (null). Everything else stays as it was typed. */
export function withField(text: string, field: string, value: string | null): string {
  const others = tokensOf(text).filter((token) => !token.startsWith(`${field}:`));
  return [...others, ...(value === null ? [] : [`${field}:${quoted(value)}`])].join(' ');
}

/** The text with one more condition, unless it is there already. */
export function withToken(text: string, field: string, value: string): string {
  const token = `${field}:${quoted(value)}`;
  const tokens = tokensOf(text);
  return tokens.includes(token) ? text : [...tokens, token].join(' ');
}

function quoted(value: string): string {
  return /[\s"]/.test(value) ? `"${value.replaceAll('"', '')}"` : value;
}
