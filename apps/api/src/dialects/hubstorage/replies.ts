import { TextReply } from '../../http/reply.ts';
import { StreamReply } from '../../http/stream.ts';

/** Media types of bodies and answers. */
export const JSON_TEXT = ['application/json'] as const;
export const JSON_LINES = ['application/x-jsonlines'] as const;
export const PLAIN_TEXT = ['text/plain'] as const;
/** What the original calls an answer with nothing in it. */
export const EMPTY_HTML = ['text/html'] as const;
/** An answer with nothing in it that is called nothing. */
export const NOTHING = [] as const;

/** A value on one line. */
export function rawJson(raw: string): TextReply {
  return new TextReply('application/json', `${raw}\n`);
}

/** Lines of JSON that are all at hand. */
export function lines(all: readonly string[]): TextReply {
  return new TextReply('application/x-jsonlines', all.map((line) => `${line}\n`).join(''));
}

/** Lines of JSON that come as they are read, each with its end. */
export function lineStream(source: AsyncIterable<string>): StreamReply {
  return new StreamReply('application/x-jsonlines', source);
}

/** Lines of JSON as one array. */
export function jsonArray(source: AsyncIterable<string>): StreamReply {
  return new StreamReply('application/json', joined(source));
}

async function* joined(source: AsyncIterable<string>): AsyncGenerator<string> {
  let before = '[';
  for await (const line of source) {
    yield before + line.trimEnd();
    before = ',';
  }
  yield before === '[' ? '[]\n' : ']\n';
}

/** Done, and nothing to say. */
export function done(type: string | null = 'text/plain; charset=UTF-8'): TextReply {
  return new TextReply(type, '');
}
