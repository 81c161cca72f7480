import { scrapySettings } from './project-settings.ts';

it("gives crawls the settings that are Scrapy's, and none of the platform's", () => {
  const settings = new Map([
    ['DOWNLOAD_DELAY', '1.5'],
    ['ITEM_PIPELINES', '{"a.B":300}'],
    ['job_runtime_limit', '24'],
    ['botgroups', '["x"]'],
    ['__proto__', '{"X":1}'],
    ['_PRIVATE', '1'],
  ]);
  expect(scrapySettings(settings)).toEqual({ DOWNLOAD_DELAY: '1.5', ITEM_PIPELINES: '{"a.B":300}' });
});
