import { gathered, sendPieces } from '../../../http/stream.ts';
import type { Call } from '../call.ts';
import { pageHeaders } from '../wire/reply.ts';

/** Sends an HTML page as it is made. What fails before its first piece is thrown. */
export function sendPage(
  { req, res }: Call,
  pieces: AsyncIterable<string>,
  headers: Record<string, string> = {},
): Promise<void> {
  const all = { 'Content-Type': 'text/html; charset=utf-8', ...pageHeaders(), ...headers };
  return sendPieces(req, res, all, gathered(pieces));
}
