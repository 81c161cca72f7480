import {
  addRecord,
  emptyStats,
  MAX_COUNTED_NAMES,
  mergeStats,
  removeRecord,
  toStreamStats,
} from './stats.ts';

describe('running stats', () => {
  it('take back exactly what was added', () => {
    const stats = emptyStats();
    addRecord(stats, { bytes: 5, counts: ['a', 'b'] });
    addRecord(stats, { bytes: 7, counts: ['a'] });
    removeRecord(stats, { bytes: 5, counts: ['a', 'b'] });
    expect(toStreamStats(stats, 2)).toEqual({ end: 2, records: 1, bytes: 7, counts: { a: 1 } });
  });

  it('count a bounded number of names, and those exactly', () => {
    const stats = emptyStats();
    const names = Array.from({ length: MAX_COUNTED_NAMES + 50 }, (_, i) => `n${i}`);
    for (let round = 0; round < 2; round += 1) addRecord(stats, { bytes: 1, counts: names });
    const merged = emptyStats();
    addRecord(merged, { bytes: 1, counts: ['first'] });
    mergeStats(merged, stats);
    expect(stats.counts.size).toBe(MAX_COUNTED_NAMES);
    expect([...new Set(stats.counts.values())]).toEqual([2]);
    expect(merged.counts.size).toBe(MAX_COUNTED_NAMES);
    expect(merged.records).toBe(3);
  });

  it('give any name as a field of its own', () => {
    const stats = emptyStats();
    addRecord(stats, { bytes: 1, counts: ['__proto__', 'toString'] });
    const { counts } = toStreamStats(stats, 1);
    expect(Object.keys(counts)).toEqual(['__proto__', 'toString']);
    expect('valueOf' in counts).toBe(false);
  });
});
