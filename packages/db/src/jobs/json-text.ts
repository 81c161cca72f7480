/**
 * JSON with a space after each comma and colon. Columns of type json give back the text that went in, and listings in
 * Scrapyd's words pass it on as it is: this is the form that Python writes.
 */
export function spacedJson(value: unknown): string {
  if (value === null || typeof value !== 'object') return JSON.stringify(value) ?? 'null';
  if (Array.isArray(value)) return `[${value.map(spacedJson).join(', ')}]`;
  const fields = Object.entries(value).filter(([, field]) => field !== undefined);
  return `{${fields.map(([name, field]) => `${JSON.stringify(name)}: ${spacedJson(field)}`).join(', ')}}`;
}

/** The same form for fields whose values are JSON text already. */
export function spacedRaw(fields: Record<string, string>): string {
  return `{${Object.entries(fields)
    .map(([name, raw]) => `${JSON.stringify(name)}: ${raw}`)
    .join(', ')}}`;
}
