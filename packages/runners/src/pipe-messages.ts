import { isJson, type MessageCounts, type PipeCommand, type PipeMessage } from '@spiderhub/core';

const MIB = 1024 * 1024;
/** Zyte's limit for one message. Items may hold a whole page, and have a limit of their own. */
const MAX_PAYLOAD_BYTES = MIB;
/** What an item may have where nobody says otherwise, bytes. */
export const MAX_ITEM_BYTES = 16 * MIB;
const WORDS: Record<PipeCommand, string> = {
  ITM: 'An item',
  LOG: 'A log message',
  REQ: 'A request',
  STA: 'A message of stats',
  FIN: 'A message of the outcome',
};
const QUOTED_BYTES = 200;

const TAB = 0x09;
const LF = 0x0a;
const CR = 0x0d;
const SPACE = 0x20;
const OPEN_BRACE = 0x7b;

/** The first four bytes of a line, read as one number, tell the command. */
const COMMANDS = new Map<number, PipeCommand>(
  (['ITM', 'LOG', 'REQ', 'STA', 'FIN'] as const).map((name) => [
    Buffer.from(`${name} `).readUInt32BE(),
    name,
  ]),
);

/** What came before some lines. */
export interface Before {
  /** Lines that were no messages. */
  dropped: number;
  counts: MessageCounts;
}

/**
 * Reads whole lines `CMD SP JSON LF` without turning them into strings: payloads are views into `lines`.
 * A bare JSON object is an item. A message that is too large leaves an error in the job's log. Anything else is dropped,
 * because whatever comes out of a crawl may be hostile; the first dropped line of a job leaves a warning.
 */
export function readMessages(
  lines: Buffer,
  before: Before,
  maxItemBytes = MAX_ITEM_BYTES,
): { messages: PipeMessage[] } & Before {
  const messages: PipeMessage[] = [];
  const counts = { ...before.counts };
  let { dropped } = before;
  const give = (message: PipeMessage) => {
    messages.push(message);
    counts[message.command] += 1;
  };
  let start = 0;
  while (start < lines.length) {
    const end = endOfLine(lines, start);
    const message = readLine(lines, start, end);
    const limit = message?.command === 'ITM' ? maxItemBytes : MAX_PAYLOAD_BYTES;
    if (message) give(message.payload.length > limit ? tooLarge(message, counts, limit) : message);
    else if (!isBlank(lines, start, end) && dropped++ === 0) give(firstWarning(lines.subarray(start, end)));
    start = end + 1;
  }
  return { messages, dropped, counts };
}

function tooLarge({ command, payload }: PipeMessage, counts: MessageCounts, limit: number): PipeMessage {
  const most = limit % MIB === 0 ? `${limit / MIB} MiB` : `${limit} bytes`;
  const what = `${WORDS[command]} of ${payload.length} bytes was dropped: it may have ${most} at most.`;
  return logMessage(40, `${what} It would have had number ${counts[command]} of its kind.`);
}

function endOfLine(lines: Buffer, start: number): number {
  const end = lines.indexOf(LF, start);
  return end === -1 ? lines.length : end;
}

function readLine(lines: Buffer, start: number, end: number): PipeMessage | null {
  if (end - start < 2) return null;
  if (lines[start] === OPEN_BRACE) return object('ITM', lines, start, end);
  const command = end - start > 4 ? COMMANDS.get(lines.readUInt32BE(start)) : undefined;
  return command ? object(command, lines, start + 4, end) : null;
}

/** Whoever reads a record later relies on it being JSON; checking that costs far less than parsing. */
function object(command: PipeCommand, lines: Buffer, from: number, to: number): PipeMessage | null {
  const start = skipBlanks(lines, from, to);
  const end = skipBlanksBackwards(lines, start, to);
  if (end - start < 2) return null;
  const payload = lines.subarray(start, end);
  return payload[0] === OPEN_BRACE && isJson(payload) ? { command, payload } : null;
}

function skipBlanks(lines: Buffer, from: number, to: number): number {
  let start = from;
  while (start < to && isSpace(lines[start])) start += 1;
  return start;
}

function skipBlanksBackwards(lines: Buffer, from: number, to: number): number {
  let end = to;
  while (end > from && isSpace(lines[end - 1])) end -= 1;
  return end;
}

function isSpace(byte: number | undefined): boolean {
  return byte === SPACE || byte === TAB || byte === CR;
}

function isBlank(lines: Buffer, from: number, to: number): boolean {
  return skipBlanks(lines, from, to) === to;
}

function firstWarning(line: Buffer): PipeMessage {
  const start = JSON.stringify(line.subarray(0, QUOTED_BYTES).toString('latin1'));
  return logMessage(30, `Dropped a line of ${line.length} bytes that is not a message of the pipe: ${start}`);
}

/** What a job's log says at its end when lines were dropped; null when the first warning already said it all. */
export function droppedSummary(dropped: number): PipeMessage | null {
  return dropped > 1 ? logMessage(30, `Dropped ${dropped} lines that are not messages of the pipe.`) : null;
}

/** A log message of ours, in the crawl's own format. */
export function logMessage(level: number, message: string): PipeMessage {
  return { command: 'LOG', payload: Buffer.from(JSON.stringify({ time: Date.now(), level, message })) };
}
