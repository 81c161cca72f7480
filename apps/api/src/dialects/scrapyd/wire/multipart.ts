import { HttpProblem } from '../../../http/errors.ts';
import type { FormReader, Piece } from './form-reader.ts';

const MAX_PARTS = 10_000;
/** Of what stands between two values: a delimiter's line and the headers of a part. */
const MAX_HEAD_BYTES = 64 * 1024;
/** What is quoted is passed over, here and below: a file may be called `a; name=b`. */
const BOUNDARY = /^(?:[^"]|"(?:[^"\\]|\\.)*")*?;\s*boundary\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s;"]+))/i;
const FIELD_NAME =
  /^content-disposition:(?:[^\r\n"]|"(?:[^"\\\r\n]|\\.)*")*?;\s*name\s*=\s*(?:"((?:[^"\\\r\n]|\\.)*)"|([^\s;"]+))/im;
const EMPTY_LINE = /\n\r?\n/;
const CR = 0x0d;
const LF = 0x0a;

/** The boundary that a Content-Type header names, null without one. */
export function boundaryOf(contentType: string): string | null {
  const match = BOUNDARY.exec(contentType);
  return match?.[1]?.replace(/\\(.)/g, '$1') ?? match?.[2] ?? null;
}

/** Where in a form the reader stands: before the first delimiter, behind one, in a part's headers, in its value, behind the last. */
type State = 'preamble' | 'delimiter' | 'head' | 'value' | 'over';

/**
 * Reads multipart/form-data whose values are bytes, whatever charset a part claims: an egg may come as a text field, and
 * a text field as a file. (A library would decode the former: docs/adr/0017.) As in Scrapyd a line may end without a
 * carriage return, as in what scripts write.
 */
export class MultipartReader implements FormReader {
  private readonly delimiter: Buffer;
  // The first delimiter may stand at the very start, without a line end before it.
  private bytes: Buffer = Buffer.from('\n');
  private state: State = 'preamble';
  private isNamed = false;
  private parts = 0;
  private isAtEnd = false;

  constructor(boundary: string) {
    this.delimiter = Buffer.from(`\n--${boundary}`, 'latin1');
  }

  *feed(more: Buffer): Generator<Piece> {
    this.bytes = this.bytes.length === 0 ? more : Buffer.concat([this.bytes, more]);
    yield* this.steps();
  }

  *end(): Generator<Piece> {
    this.isAtEnd = true;
    yield* this.steps();
    if (this.state === 'preamble') throw noForm();
  }

  private *steps(): Generator<Piece> {
    const pieces: Piece[] = [];
    while (this.step(pieces)) yield* pieces.splice(0);
    yield* pieces;
    if (this.state === 'over') this.bytes = Buffer.alloc(0);
    else if (this.state !== 'value' && this.bytes.length > MAX_HEAD_BYTES) throw noForm();
    // A copy: the rest must not hold the whole of what came.
    this.bytes = Buffer.from(this.bytes);
  }

  /** Does one step with what is there; false when it needs more. Values that it found are in `pieces`. */
  private step(pieces: Piece[]): boolean {
    if (this.state === 'preamble') return this.skipPreamble();
    if (this.state === 'delimiter') return this.passDelimiter();
    if (this.state === 'head') return this.readHead(pieces);
    return this.state === 'value' && this.readValue(pieces);
  }

  private goOn(to: State, from: number): true {
    this.state = to;
    this.bytes = this.bytes.subarray(from);
    return true;
  }

  private skipPreamble(): boolean {
    const at = this.bytes.indexOf(this.delimiter.subarray(1));
    if (at < 0) return false;
    if (this.bytes[at - 1] !== LF) throw noForm();
    return this.goOn('delimiter', at + this.delimiter.length - 1);
  }

  private passDelimiter(): boolean {
    const { bytes } = this;
    if (bytes.length < 2) return false;
    if (bytes.toString('latin1', 0, 2) === '--') return this.goOn('over', bytes.length);
    const lineEnd = bytes.indexOf(LF);
    if (lineEnd < 0) return false;
    this.parts += 1;
    if (this.parts > MAX_PARTS) throw noForm();
    // The line's end stays: it may be that of the next delimiter as well.
    return this.goOn('head', lineEnd);
  }

  private readHead(pieces: Piece[]): boolean {
    const { bytes, delimiter } = this;
    const next = bytes.indexOf(delimiter);
    const text = bytes.toString('latin1', 0, Math.min(next < 0 ? bytes.length : next + 1, MAX_HEAD_BYTES));
    const empty = EMPTY_LINE.exec(text);
    if (!empty && text.length === MAX_HEAD_BYTES) throw noForm();
    const valueAt = empty ? empty.index + empty[0].length : bytes.length;
    // A delimiter may begin with the end of the empty line: then the value is empty.
    const needed = empty ? valueAt - 1 + delimiter.length : Number.POSITIVE_INFINITY;
    if (next < 0 && bytes.length < needed && !(this.isAtEnd && empty)) return false;
    const match = FIELD_NAME.exec(text.slice(0, empty?.index));
    const name = match?.[1]?.replace(/\\(.)/g, '$1') ?? match?.[2];
    this.isNamed = Boolean(name);
    if (name) pieces.push(name);
    return next >= 0 && next < valueAt
      ? this.goOn('delimiter', next + delimiter.length)
      : this.goOn('value', valueAt);
  }

  private readValue(pieces: Piece[]): boolean {
    const { bytes, delimiter, isAtEnd } = this;
    const next = bytes.indexOf(delimiter);
    // The line end before a delimiter belongs to that, and so does the one at the end when there is none.
    const keep = isAtEnd ? Number(bytes.at(-1) === LF) : delimiter.length;
    let end = next >= 0 ? next : Math.max(0, bytes.length - keep);
    const isLineEnd = next >= 0 || (isAtEnd && keep > 0);
    if (isLineEnd && bytes[end - 1] === CR) end -= 1;
    if (this.isNamed && end > 0) pieces.push(bytes.subarray(0, end));
    if (next >= 0) return this.goOn('delimiter', next + delimiter.length);
    this.bytes = isAtEnd ? bytes.subarray(bytes.length) : bytes.subarray(end);
    return false;
  }
}

function noForm(): HttpProblem {
  return new HttpProblem(400, 'the body is not a valid multipart form');
}
