import type { IncomingMessage, ServerResponse } from 'node:http';

/** Who has not said all by then is hung up on, ms. */
const PATIENCE_MS = 10_000;

/**
 * Lingering close, as nginx and Apache call it: an answer that ends its connection ends only once the client has said all. Closed
 * with bytes that nobody read, the connection would be reset, and a client that looks for an answer when it has sent everything,
 * such as a proxy that speaks HTTP/1.0, would find none. To be called before the request is handled.
 */
export function closeLingering(req: IncomingMessage, res: ServerResponse): void {
  if (res.shouldKeepAlive || !hasBody(req)) return;
  const end = res.end.bind(res) as (...args: unknown[]) => ServerResponse;
  Object.assign(res, {
    end(...args: unknown[]) {
      if (req.complete || res.destroyed) return end(...args);
      const [chunk, encoding] = args;
      // The client has the whole answer at once where its length is known.
      if (typeof chunk === 'string')
        res.write(chunk, typeof encoding === 'string' ? (encoding as 'utf8') : 'utf8');
      else if (chunk instanceof Uint8Array) res.write(chunk);
      else res.flushHeaders();
      const timer = setTimeout(over, PATIENCE_MS);
      function over() {
        clearTimeout(timer);
        end();
      }
      req.once('end', over);
      res.once('close', () => clearTimeout(timer));
      req.unpipe();
      req.resume();
      return res;
    },
  });
}

function hasBody({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
}
