import { TextReply } from '../../http/reply.ts';
import { StreamReply } from '../../http/stream.ts';

/** A value on one line. */
export function rawJson(raw: string): TextReply {
  return new TextReply('application/json', `${raw}\n`);
}

/** Lines of JSON that are all at hand. */
export function lines(all: readonly string[]): TextReply {
  return new TextReply('application/x-jsonlines', all.map((line) => `${line}\n`).join(''));
}

/** Lines of JSON that come as they are read. */
export function lineStream(source: AsyncIterable<string>): StreamReply {
  return new StreamReply('application/x-jsonlines', source);
}

/** Done, and nothing to say. */
export function done(type: string | null = 'text/plain; charset=UTF-8'): TextReply {
  return new TextReply(type, '');
}
