import { pipeline } from 'node:stream/promises';
import type { Call } from '../call.ts';
import { pageHeaders } from '../wire/reply.ts';

const CHUNK_CHARACTERS = 32 * 1024;

/** Joins small pieces. */
export async function* gathered(pieces: AsyncIterable<string>): AsyncGenerator<string> {
  let text = '';
  for await (const piece of pieces) {
    text += piece;
    if (text.length < CHUNK_CHARACTERS) continue;
    yield text;
    text = '';
  }
  if (text !== '') yield text;
}

/** Sends an HTML page as it is made. What fails before its first piece is thrown. */
export async function sendPage(
  { req, res }: Call,
  pieces: AsyncIterable<string>,
  headers: Record<string, string> = {},
): Promise<void> {
  const chunks = gathered(pieces);
  const first = await chunks.next();
  res.writeHead(200, { 'Content-Type': 'text/html; charset=utf-8', ...pageHeaders(), ...headers });
  if (req.method === 'HEAD' || first.done) {
    await chunks.return(undefined);
    res.end();
    return;
  }
  res.write(first.value);
  await pipeline(chunks, res);
}
