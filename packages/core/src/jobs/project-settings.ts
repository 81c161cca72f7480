import type { RawFields } from '../json/raw-object.ts';

const SCRAPY_NAME = /^[A-Z][A-Z0-9_]*$/;

/** Whether Scrapy takes a setting of this name. */
export function isScrapySetting(name: string): boolean {
  return SCRAPY_NAME.test(name);
}

/** What of a project's settings is for Scrapy, as name to JSON text: names in capitals, as Scrapy itself takes no others. */
export function scrapySettings(settings: RawFields): Record<string, string> {
  return Object.fromEntries([...settings].filter(([name]) => isScrapySetting(name)));
}
