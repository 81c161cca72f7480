import { parseStrict, type RawFields } from '../json/raw-object.ts';

const SCRAPY_NAME = /^[A-Z][A-Z0-9_]*$/;

/** What of a project's settings is for Scrapy: names in capitals, as Scrapy itself takes no others. */
export function scrapySettings(settings: RawFields): Record<string, unknown> {
  const wanted = [...settings].filter(([name]) => SCRAPY_NAME.test(name));
  return Object.fromEntries(wanted.map(([name, raw]) => [name, parseStrict(raw)]));
}
