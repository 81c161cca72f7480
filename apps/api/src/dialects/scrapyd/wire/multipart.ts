import { HttpProblem } from '../../../http/errors.ts';
import type { FormReader, Piece } from './form-reader.ts';

const MAX_PARTS = 10_000;
/** Of what stands between two values: a delimiter's line and the headers of a part. */
const MAX_HEAD_BYTES = 64 * 1024;
const BOUNDARY = /;\s*boundary=(?:"((?:[^"\\]|\\.)*)"|([^\s;"]+))/i;
/** What is quoted is passed over: a file may be called `a; name=b`. */
const FIELD_NAME =
  /^content-disposition:(?:[^\r\n"]|"(?:[^"\\\r\n]|\\.)*")*?;\s*name=(?:"((?:[^"\\\r\n]|\\.)*)"|([^\s;"]+))/im;
const HEAD_END = '\r\n\r\n';

/** The boundary that a Content-Type header names, null without one. */
export function boundaryOf(contentType: string): string | null {
  const match = BOUNDARY.exec(contentType);
  return match?.[1]?.replace(/\\(.)/g, '$1') ?? match?.[2] ?? null;
}

/** Where in a form the reader stands: before the first delimiter, behind one, in a part's headers, in its value, behind the last. */
type State = 'preamble' | 'delimiter' | 'head' | 'value' | 'over';

/**
 * Reads multipart/form-data whose values are bytes, whatever charset a part claims: an egg may come as a text field, and
 * a text field as a file. (A library would decode the former.)
 */
export function createMultipartReader(boundary: string): FormReader {
  const delimiter = Buffer.from(`\r\n--${boundary}`, 'latin1');
  // The first delimiter may stand at the very start, without a line end before it.
  let bytes: Buffer = Buffer.from('\r\n');
  let state: State = 'preamble';
  let isNamed = false;
  let parts = 0;
  let isAtEnd = false;

  /** Does one step with what is there; false when it needs more. Values that it found are in `pieces`. */
  function step(pieces: Piece[]): boolean {
    if (state === 'preamble') return skipPreamble();
    if (state === 'delimiter') return passDelimiter();
    if (state === 'head') return readHead(pieces);
    return state === 'value' && readValue(pieces);
  }

  function goOn(to: State, from: number): true {
    state = to;
    bytes = bytes.subarray(from);
    return true;
  }

  function skipPreamble(): boolean {
    const at = bytes.indexOf(delimiter.subarray(2));
    if (at < 0) return false;
    if (bytes[at - 1] !== 0x0a) throw noForm();
    return goOn('delimiter', at + delimiter.length - 2);
  }

  function passDelimiter(): boolean {
    if (bytes.length < 2) return false;
    if (bytes.toString('latin1', 0, 2) === '--') return goOn('over', bytes.length);
    const lineEnd = bytes.indexOf('\r\n');
    if (lineEnd < 0) return false;
    parts += 1;
    if (parts > MAX_PARTS) throw noForm();
    // The line's end stays: it may be that of the next delimiter as well.
    return goOn('head', lineEnd);
  }

  function readHead(pieces: Piece[]): boolean {
    const headEnd = bytes.indexOf(HEAD_END, 2);
    const next = bytes.indexOf(delimiter);
    // A delimiter that begins in the empty line behind the headers ends the part before it has a value.
    if (next >= 0 && (headEnd < 0 || next < headEnd + HEAD_END.length)) {
      return goOn('delimiter', next + delimiter.length);
    }
    if (headEnd < 0 || (!isAtEnd && bytes.length < headEnd + 2 + delimiter.length)) return false;
    const match = FIELD_NAME.exec(bytes.toString('latin1', 2, headEnd));
    const name = match?.[1]?.replace(/\\(.)/g, '$1') ?? match?.[2];
    isNamed = Boolean(name);
    if (name) pieces.push(name);
    return goOn('value', headEnd + HEAD_END.length);
  }

  function readValue(pieces: Piece[]): boolean {
    const next = bytes.indexOf(delimiter);
    const keep = isAtEnd ? 0 : delimiter.length - 1;
    const end = next >= 0 ? next : Math.max(0, bytes.length - keep);
    if (isNamed && end > 0) pieces.push(bytes.subarray(0, end));
    if (next >= 0) return goOn('delimiter', next + delimiter.length);
    bytes = bytes.subarray(end);
    return false;
  }

  function* steps(): Generator<Piece> {
    const pieces: Piece[] = [];
    while (step(pieces)) yield* pieces.splice(0);
    yield* pieces;
    if (state === 'over') bytes = Buffer.alloc(0);
    else if (state !== 'value' && bytes.length > MAX_HEAD_BYTES) throw noForm();
    // A copy: the rest must not hold the whole of what came.
    bytes = Buffer.from(bytes);
  }

  return {
    *feed(more) {
      bytes = bytes.length === 0 ? more : Buffer.concat([bytes, more]);
      yield* steps();
    },
    *end() {
      isAtEnd = true;
      yield* steps();
      if (state === 'preamble') throw noForm();
    },
  };
}

function noForm(): HttpProblem {
  return new HttpProblem(400, 'the body is not a valid multipart form');
}
