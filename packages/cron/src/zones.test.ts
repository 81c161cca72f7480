import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createCron } from './cron.ts';

const MINUTE_MS = 60_000;
/** Zone, expression, first and last minute since the epoch, planned times in minutes since the first. */
type Case = [zone: string, expression: string, start: number, end: number, times: number[]];

const cases: Case[] = JSON.parse(readFileSync(join(__dirname, '../fixtures/zones.json'), 'utf8'));
const cron = createCron();

function planned(zone: string, expression: string, start: number, end: number): number[] {
  const times: number[] = [];
  let at = cron.next(expression, zone, new Date(start * MINUTE_MS - 1000));
  while (at && at.getTime() < end * MINUTE_MS) {
    times.push(at.getTime() / MINUTE_MS - start);
    at = cron.next(expression, zone, at);
  }
  return times;
}

it.each([...new Set(cases.map(([zone]) => zone))])(
  'plans around each change of clocks in %s what the wall clock says',
  (zone) => {
    const own = cases.filter((one) => one[0] === zone);
    expect(own.length).toBeGreaterThan(4);
    const wrong = own.filter(
      ([, expression, start, end, times]) =>
        JSON.stringify(planned(zone, expression, start, end)) !== JSON.stringify(times),
    );
    const shown = wrong.map(([, expression, start, end, times]) => ({
      expression,
      from: new Date(start * MINUTE_MS).toISOString(),
      wanted: times,
      planned: planned(zone, expression, start, end),
    }));
    expect(shown).toEqual([]);
  },
);
