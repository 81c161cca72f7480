import { runChaos } from './harness/chaos.ts';

/** Short by itself; `npm run test:chaos` sets a longer time and another seed. */
const SEED = Number(process.env.CHAOS_SEED ?? 1);
const SECONDS = Number(process.env.CHAOS_SECONDS ?? 45);
const ONLY = process.env.CHAOS_ONLY?.split(',');

jest.setTimeout((SECONDS + 900) * 1000);

describe('under faults', () => {
  it('nothing is lost and nothing runs twice at once', async () => {
    const report = await runChaos({
      seed: SEED,
      seconds: SECONDS,
      ...(process.env.CHAOS_CHECKOUT && { checkout: process.env.CHAOS_CHECKOUT }),
      ...(ONLY && { only: ONLY }),
      onlyLong: process.env.CHAOS_LONG === '1',
      say: (line) => process.env.CHAOS_SECONDS && process.stderr.write(`${line}\n`),
    });
    process.stderr.write(`${JSON.stringify({ ...report, violations: report.violations.length }, null, 2)}\n`);
    expect(report.violations).toEqual([]);
    expect(report.jobs).toBeGreaterThan(0);
    expect(Object.keys(report.faults).length).toBeGreaterThan(0);
  });
});
