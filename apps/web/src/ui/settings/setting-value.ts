/**
 * What somebody typed as the value of a setting: JSON where it is JSON, else text, as `shub schedule -s` takes it. Numbers
 * that JavaScript would change on the way stay text, which Scrapy reads as the same number.
 * Throws when such a number stands inside of a list or an object.
 */
export function settingValue(text: string): JsonValue {
  let value: JsonValue;
  try {
    value = JSON.parse(text) as JsonValue;
  } catch {
    return text;
  }
  if (typeof value === 'number') return String(value) === text.trim() ? value : text.trim();
  if (hasLongNumber(text))
    throw new Error('Write numbers of more than 15 digits as texts, in quotation marks');
  return value;
}

export type JsonValue = string | number | boolean | null | JsonValue[] | { [name: string]: JsonValue };

const QUOTED = /"(?:[^"\\]|\\.)*"/g;

function hasLongNumber(text: string): boolean {
  return (text.replaceAll(QUOTED, '').match(/[\d.]+/g) ?? []).some(
    (digits) => digits.replace('.', '').length > 15,
  );
}
