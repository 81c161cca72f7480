import { crawlPython } from './environment.ts';

it.each(['/nope', '/bin/true', '/bin/false', 'no-such-python'])(
  'names the variable and the cure when %s cannot import Scrapy',
  async (path) => {
    await expect(crawlPython(path, '/unused', '/unused')).rejects.toThrow(
      /^SPIDERHUB_PYTHON: \S+ does not import Scrapy \(.+\): install there .+, or leave SPIDERHUB_PYTHON empty$/,
    );
  },
);
