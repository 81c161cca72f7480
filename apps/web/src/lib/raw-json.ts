/** JSON text as a tree whose values stay text: numbers keep all of their digits, and `NaN` is what it is. */
export type RawNode =
  | { kind: 'object'; entries: [name: string, node: RawNode][] }
  | { kind: 'list'; items: RawNode[] }
  /** As it was written. */
  | { kind: 'value'; text: string };

const MAX_DEPTH = 100;
const STRING = /"(?:[^"\\]|\\.)*"/y;
const SCALAR = /-?[\w+.-]+/y;
const BLANK = /\s*/y;

/** Null for what is no JSON, such as a text that was cut. */
export function readRaw(text: string): RawNode | null {
  const reader = { text, at: 0 };
  const node = readNode(reader, 0);
  skip(reader);
  return node !== null && reader.at === text.length ? node : null;
}

interface Reader {
  text: string;
  at: number;
}

function take(reader: Reader, pattern: RegExp): string | null {
  pattern.lastIndex = reader.at;
  const found = pattern.exec(reader.text);
  if (!found) return null;
  reader.at = pattern.lastIndex;
  return found[0];
}

const skip = (reader: Reader) => take(reader, BLANK);

function sees(reader: Reader, character: string): boolean {
  skip(reader);
  if (reader.text[reader.at] !== character) return false;
  reader.at += 1;
  return true;
}

function readNode(reader: Reader, depth: number): RawNode | null {
  if (depth > MAX_DEPTH) return null;
  if (sees(reader, '{')) return readObject(reader, depth);
  if (sees(reader, '[')) return readList(reader, depth);
  const text = take(reader, STRING) ?? take(reader, SCALAR);
  return text === null ? null : { kind: 'value', text };
}

function readObject(reader: Reader, depth: number): RawNode | null {
  const entries: [string, RawNode][] = [];
  if (sees(reader, '}')) return { kind: 'object', entries };
  do {
    skip(reader);
    const name = take(reader, STRING);
    if (name === null || !sees(reader, ':')) return null;
    const node = readNode(reader, depth + 1);
    if (node === null) return null;
    entries.push([plain(name), node]);
  } while (sees(reader, ','));
  return sees(reader, '}') ? { kind: 'object', entries } : null;
}

function readList(reader: Reader, depth: number): RawNode | null {
  const items: RawNode[] = [];
  if (sees(reader, ']')) return { kind: 'list', items };
  do {
    const node = readNode(reader, depth + 1);
    if (node === null) return null;
    items.push(node);
  } while (sees(reader, ','));
  return sees(reader, ']') ? { kind: 'list', items } : null;
}

/** The text of a JSON string without its quotes and escapes; anything else, and what was cut, as it is. */
export function plain(text: string): string {
  if (!text.startsWith('"')) return text;
  try {
    return JSON.parse(text) as string;
  } catch {
    return text.slice(1);
  }
}
