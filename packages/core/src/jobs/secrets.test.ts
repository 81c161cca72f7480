import { masker, secretsOf } from './secrets.ts';

const job = { settings: {}, environment: {}, args: {} };

it('knows secrets by their names, wherever a job was given them', () => {
  const found = secretsOf({
    job: {
      settings: { AWS_SECRET_ACCESS_KEY: '"wJalrXUtnFEMI"', RETRY_TIMES: '12345678', API_KEY: '{"a":1}' },
      environment: { DB_PASSWORD: 'hunter2-hunter2', LANG: 'de_DE.UTF-8' },
      args: { token: 'short', category: 'long enough' },
    },
    projectSettings: { SHOP_TOKEN: '"of the project"' },
    spiderSettings: { SPIDER_TOKEN: '"of the spider"' },
    jobToken: 'a.job.token',
  });
  expect(found.sort()).toEqual([
    'a.job.token',
    'hunter2-hunter2',
    'of the project',
    'of the spider',
    'wJalrXUtnFEMI',
  ]);
});

it('lets the settings of a job hide those of its spider, and these those of its project', () => {
  const projectSettings = { TOKEN: '"the older one"' };
  const spiderSettings = { TOKEN: '"of the spider"' };
  const sources = { job, projectSettings, spiderSettings, jobToken: '' };
  expect(secretsOf(sources)).toEqual(['of the spider']);
  const own = { ...job, settings: { TOKEN: '"the newer one"' } };
  expect(secretsOf({ ...sources, job: own })).toEqual(['the newer one']);
});

it('blots secrets out in all ways in which JSON writes them, and leaves JSON', () => {
  const mask = masker(['pass"wörd\\1', 'pass"wörd\\1 and more']);
  const say = (message: string) => mask(Buffer.from(message)).toString();
  expect(say('{"message":"it is pass\\"wörd\\\\1, pass\\"w\\u00f6rd\\\\1."}')).toBe(
    '{"message":"it is ********, ********."}',
  );
  expect(say('{"message":"pass\\"wörd\\\\1 and more"}')).toBe('{"message":"********"}');
  const other = Buffer.from('{"message":"nothing"}');
  expect(mask(other)).toBe(other);
});
