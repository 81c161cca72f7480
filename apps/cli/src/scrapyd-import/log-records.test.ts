import { createLogReader } from './log-records.ts';

function read(text: string) {
  const reader = createLogReader(new Date(2026, 0, 1));
  for (const line of text.split('\n')) reader.line(line);
  reader.end();
  return { reader, records: reader.take().map((line) => JSON.parse(line.toString())) };
}

const at = (second: number) => new Date(2026, 10, 21, 7, 44, second).getTime();

it('cuts a log into records, lines without a head belonging to the one before', () => {
  const { reader, records } = read(
    [
      '2026-11-21 07:44:29 [scrapy.utils.log] INFO: Scrapy 2.13.0 started (bot: shop)',
      '2026-11-21 07:44:30 [scrapy.core.scraper] ERROR: Spider error',
      'Traceback (most recent call last):',
      '  File "x.py"',
      '2026-11-21 07:44:31 [scrapy.core.engine] INFO: Spider closed (finished)',
    ].join('\n'),
  );
  expect(records).toEqual([
    { time: at(29), level: 20, message: '[scrapy.utils.log] Scrapy 2.13.0 started (bot: shop)' },
    {
      time: at(30),
      level: 40,
      message: '[scrapy.core.scraper] Spider error\nTraceback (most recent call last):\n  File "x.py"',
    },
    { time: at(31), level: 20, message: '[scrapy.core.engine] Spider closed (finished)' },
  ]);
  expect(reader).toMatchObject({ records: 3, errors: 1, closeReason: 'finished' });
  expect([reader.firstAt?.getTime(), reader.lastAt?.getTime()]).toEqual([at(29), at(31)]);
});

it('keeps what stands before the first head, and what has no head at all', () => {
  const { reader, records } = read('no head\nstill none');
  expect(records).toEqual([
    { time: new Date(2026, 0, 1).getTime(), level: 20, message: 'no head\nstill none' },
  ]);
  expect(reader).toMatchObject({ firstAt: null, lastAt: null, closeReason: null });
});

it('does not believe a spider that only says it was closed', () => {
  const { reader } = read('2026-11-21 07:44:29 [shop] INFO: Spider closed (finished)');
  expect(reader.closeReason).toBeNull();
});
