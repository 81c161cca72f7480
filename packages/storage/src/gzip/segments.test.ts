import { crc32, gunzipSync } from 'node:zlib';
import fc from 'fast-check';
import { joinCrc } from './crc.ts';
import {
  addToSum,
  deflateSegment,
  GZIP_HEADER,
  type GzipSum,
  gzipTrailer,
  inflateSegment,
} from './segments.ts';

const bytes = fc.uint8Array({ maxLength: 5000 }).map((array) => Buffer.from(array));

describe('joinCrc', () => {
  it('is the CRC of the joined bytes', () => {
    fc.assert(
      fc.property(bytes, bytes, (a, b) => {
        expect(joinCrc(crc32(a), crc32(b), b.length)).toBe(crc32(Buffer.concat([a, b])));
      }),
    );
  });

  it('holds for lengths beyond 32 bits', () => {
    // 2^32 zero bytes, joined from halves: associativity must hold where nobody can compute the CRC directly in a test.
    const zeros = (power: number): number => {
      let crc = crc32(Buffer.alloc(1024));
      for (let p = 10; p < power; p += 1) crc = joinCrc(crc, crc, 2 ** p);
      return crc;
    };
    const tail = Buffer.from('tail');
    const left = joinCrc(joinCrc(crc32(tail), zeros(33), 2 ** 33), crc32(tail), 4);
    const right = joinCrc(crc32(tail), joinCrc(zeros(33), crc32(tail), 4), 2 ** 33 + 4);
    expect(left).toBe(right);
  });
});

describe('segments', () => {
  it('are read alone, and together as one gzip stream', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(bytes, { maxLength: 6 }), async (pieces) => {
        let sum: GzipSum = { crc: 0, raw: 0 };
        const parts: Buffer[] = [GZIP_HEADER];
        for (const piece of pieces) {
          const { body, crc } = await deflateSegment(piece);
          expect(await inflateSegment(body, { crc, raw: piece.length })).toEqual(piece);
          sum = addToSum(sum, { crc, raw: piece.length });
          parts.push(body);
        }
        expect(gunzipSync(Buffer.concat([...parts, gzipTrailer(sum)]))).toEqual(Buffer.concat(pieces));
      }),
      { numRuns: 50 },
    );
  });

  it('that were damaged are refused', async () => {
    const raw = Buffer.from('{"a":1}\n'.repeat(100));
    const { body, crc } = await deflateSegment(raw);
    await expect(inflateSegment(body, { crc: crc ^ 1, raw: raw.length })).rejects.toThrow();
    await expect(inflateSegment(body, { crc, raw: raw.length - 1 })).rejects.toThrow();
    await expect(inflateSegment(body.subarray(0, 10), { crc, raw: raw.length })).rejects.toThrow();
  });
});
