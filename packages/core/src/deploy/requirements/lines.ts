import { badLine } from './bad-line.ts';

/** A line as pip reads it: what a backslash splits is one, comments are gone. */
export interface LogicalLine {
  /** Number of its first line in the file, from 1. */
  number: number;
  text: string;
}

const MAX_BYTES = 1024 * 1024;
const MAX_LINES = 20_000;
const MAX_LINE_CHARACTERS = 64 * 1024;

/** Whatever ends a line for Python beyond the usual, and all that nobody sees. A tab is a space to pip. */
const ODD_CHARACTER = /[^\P{C}\t]|[\p{Zl}\p{Zp}]/u;
const IS_COMMENT = /^\s*#/;
const COMMENT = /(^|\s+)#.*$/;

/** The lines of a requirements file that say something. Throws `invalid` where pip could read another line than we do. */
export function logicalLines(file: string): LogicalLine[] {
  const lines = file.replace(/^\uFEFF/, '').split(/\r\n|\n|\r/);
  if (Buffer.byteLength(file) > MAX_BYTES) throw badLine(null, 'the file is larger than 1 MiB');
  if (lines.length > MAX_LINES) throw badLine(null, `more than ${MAX_LINES} lines`);
  return joined(lines).flatMap(({ number, text }) => {
    if (text.length > MAX_LINE_CHARACTERS)
      throw badLine(number, `longer than ${MAX_LINE_CHARACTERS} characters`);
    const bare = text.replace(COMMENT, '').trim();
    return bare === '' ? [] : [{ number, text: bare }];
  });
}

/** Joins what ends with a backslash with what follows it, except for comments, which end where their line ends. */
function joined(lines: string[]): LogicalLine[] {
  const found: LogicalLine[] = [];
  let open: LogicalLine | null = null;
  for (const [i, line] of lines.entries()) {
    if (ODD_CHARACTER.test(line)) throw badLine(i + 1, 'holds a character that cannot be shown');
    const isComment = IS_COMMENT.test(line);
    const goesOn = line.endsWith('\\') && !isComment;
    const text = goesOn ? line.replace(/\\+$/, '') : isComment ? ` ${line}` : line;
    if (open) open.text += text;
    else open = { number: i + 1, text };
    if (goesOn) continue;
    found.push(open);
    open = null;
  }
  return open ? [...found, open] : found;
}
