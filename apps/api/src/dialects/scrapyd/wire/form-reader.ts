import { sizeErrors } from '../../../http/size-errors.ts';
import { addValue, type Fields } from './fields.ts';

/** Of a form as it is read: the name of a field, as latin1 text, or the next bytes of the value of the last one. */
export type Piece = string | Buffer;

/** Takes a form apart as its bytes come in, and keeps no more of them than it needs to know what the next ones mean. */
export interface FormReader {
  feed(bytes: Buffer): Iterable<Piece>;
  /** What the end of the body makes clear. */
  end(): Iterable<Piece>;
}

const MAX_VALUES = 10_000;

/** Gathers pieces in `fields`; at most `maxBytes` of values. Throws `too_large`. */
export function createGatherer(fields: Fields, maxBytes = Number.POSITIVE_INFINITY): (piece: Piece) => void {
  let values: Buffer[] = [];
  let count = 0;
  let bytes = 0;
  return (piece) => {
    bytes += piece.length;
    if (bytes > maxBytes) throw sizeErrors.parameters(`larger parameters than ${maxBytes} bytes`);
    if (typeof piece === 'string') {
      count += 1;
      if (count > MAX_VALUES) throw sizeErrors.parameters(`more than ${MAX_VALUES} parameters`);
      values = addValue(fields, piece);
    } else {
      // A copy: a short value must not hold the whole of what it came with.
      const before = values.pop() as Buffer;
      values.push(before.length === 0 ? Buffer.from(piece) : Buffer.concat([before, piece]));
    }
  };
}

/** Adds a form that is in memory as a whole. */
export function addForm(fields: Fields, reader: FormReader, bytes: Buffer): void {
  const take = createGatherer(fields);
  for (const piece of reader.feed(bytes)) take(piece);
  for (const piece of reader.end()) take(piece);
}
