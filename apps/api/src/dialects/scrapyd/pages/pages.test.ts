import { pythonDuration } from '../times.ts';
import { escapeHtml, quotePath } from './html.ts';
import { createLogText } from './log-text.ts';
import { cut, readRange, sizeOf } from './ranges.ts';

describe('a log', () => {
  const at = new Date(2026, 10, 21, 7, 44, 29).getTime();
  const text = (...records: unknown[]) =>
    createLogText()({
      first: 0,
      ts: at,
      lines: records.map((record) =>
        Buffer.from(typeof record === 'string' ? record : JSON.stringify(record)),
      ),
    }).toString();

  it('looks like the one that Scrapy writes', () => {
    expect(
      text(
        { time: at, level: 20, message: '[scrapy.core.engine] Spider opened' },
        { time: at + 61_000, level: 30, message: '[py.warnings] a\nb' },
        { time: at, level: 35, message: '[x] y' },
      ),
    ).toBe(
      '2026-11-21 07:44:29 [scrapy.core.engine] INFO: Spider opened\n' +
        '2026-11-21 07:45:30 [py.warnings] WARNING: a\nb\n' +
        '2026-11-21 07:44:29 [x] Level 35: y\n',
    );
  });

  it('shows what is no record of a crawl', () => {
    expect(text({ level: 40, message: 'no logger' }, 'no json', '[1]', { time: 1e300, message: 5 })).toBe(
      [
        '2026-11-21 07:44:29 [job] ERROR: no logger',
        '2026-11-21 07:44:29 [job] INFO: no json',
        '2026-11-21 07:44:29 [job] INFO: ""',
        '2026-11-21 07:44:29 [job] INFO: 5',
        '',
      ].join('\n'),
    );
  });
});

describe('a range', () => {
  it.each([
    ['bytes=0-9', 60, { first: 0, last: 9 }],
    ['bytes=5-', 60, { first: 5, last: 59 }],
    ['bytes=-5', 60, { first: 55, last: 59 }],
    ['bytes=-500', 60, { first: 0, last: 59 }],
    ['bytes=50-99', 60, { first: 50, last: 59 }],
    ['bytes=60-', 60, 'none'],
    ['bytes=99999999999999999999-', 60, 'none'],
    ['bytes=0-99999999999999999999', 60, { first: 0, last: 59 }],
    ['bytes=-0', 60, 'none'],
    ['bytes=0-', 0, 'none'],
    ['bytes=1-0', 60, null],
    ['bytes=-', 60, null],
    ['bytes=0-1,3-4', 60, null],
    ['items=0-1', 60, null],
    [undefined, 60, null],
  ])('%j of %d bytes', (header, size, expected) => {
    expect(readRange(header, size)).toEqual(expected);
  });

  it('is cut out of pieces', async () => {
    async function* pieces() {
      for (const piece of ['abc', 'defg', 'h', 'ij']) yield Buffer.from(piece);
    }
    for (let first = 0; first < 10; first++) {
      for (let last = first; last < 10; last++) {
        const found: Buffer[] = [];
        for await (const part of cut(pieces(), { first, last })) found.push(part);
        expect(Buffer.concat(found).toString()).toBe('abcdefghij'.slice(first, last + 1));
      }
    }
    expect(await sizeOf(pieces())).toBe(10);
  });
});

it('writes durations, HTML and paths as Python does', () => {
  expect(pythonDuration(5_400)).toBe('0:00:05');
  expect(pythonDuration(93_784_000)).toBe('1 day, 2:03:04');
  expect(pythonDuration(2 * 86_400_000)).toBe('2 days, 0:00:00');
  expect(escapeHtml(`<a b="c">'&`)).toBe('&lt;a b=&quot;c&quot;&gt;&#x27;&amp;');
  expect(quotePath("é a/b'(c)")).toBe('%C3%A9%20a/b%27%28c%29');
});
