import type { Request, Response } from 'express';

/** An answer that goes on while something happens: Server-Sent Events (WHATWG HTML, 9.2). */
export class LiveReply {
  readonly type = 'text/event-stream';
  readonly follow: (out: LiveOutput) => Promise<void>;

  /** `follow` sends until there is nothing more to tell, or until the signal of its output. */
  constructor(follow: (out: LiveOutput) => Promise<void>) {
    this.follow = follow;
  }
}

/** Where a live answer goes. */
export interface LiveOutput {
  /** Resolves when there is room for more; rejects when the stream is over. One call at a time. */
  send(bytes: string | Buffer): Promise<void>;
  /** The same without waiting: false when the next call has to wait for `room`. Throws when the stream is over. */
  write(bytes: string | Buffer): boolean;
  /** Resolves when there is room; rejects when the stream is over. One call at a time. */
  room(): Promise<void>;
  /** Aborts when nobody listens any more, or nobody may. */
  readonly signal: AbortSignal;
}

/** Why we end a stream that could go on. */
export type Farewell = 'shutdown' | 'revoked';

export interface LiveOptions {
  /** Says whether the caller may still listen; rejects when that cannot be found out. */
  isAllowed: () => Promise<boolean>;
  /** Takes a place; returns how to leave it. Throws when there is none. */
  enter: (end: () => void) => () => void;
}

/** A comment this often keeps proxies from hanging up, ms. */
const BEAT_MS = 15_000;
/** Who reads nothing for so long is cut, and may resume, ms. */
const STALL_MS = 60_000;
/** Between two looks at the credentials, ms: with the time that a look takes, revoked ones go within a second. */
const CHECK_MS = 50;
/** Credentials that cannot be looked at for so long count as revoked, ms. */
const BLIND_MS = 30_000;
/** What a client waits before it connects again, ms. */
const RETRY_MS = 2000;

const HEADERS = {
  'Content-Type': 'text/event-stream; charset=utf-8',
  // A proxy that gathers or compresses would hold back what somebody waits for.
  'Cache-Control': 'no-store, no-transform',
  'X-Accel-Buffering': 'no',
  'X-Content-Type-Options': 'nosniff',
};

/** One event as it goes over the wire. */
export function sseEvent(event: string | null, data: unknown, id?: string): string {
  const name = event === null ? '' : `event: ${event}\n`;
  return `${id === undefined ? '' : `id: ${id}\n`}${name}data: ${JSON.stringify(data)}\n\n`;
}

/** Sends a live answer until it ends, the client goes away or reads nothing, the credentials are revoked, or we stop. */
export async function sendLive(
  req: Request,
  res: Response,
  { follow }: LiveReply,
  { enter, isAllowed }: LiveOptions,
): Promise<void> {
  if (req.method === 'HEAD') {
    res.writeHead(200, HEADERS).end();
    return;
  }
  let connection: Connection | null = null;
  const leave = enter(() => connection?.end('shutdown'));
  res.writeHead(200, HEADERS);
  connection = new Connection(res);
  const stopWatching = watch(connection, isAllowed);
  try {
    await connection.send(`retry: ${RETRY_MS}\n\n`);
    await follow(connection);
    connection.end();
  } catch (error) {
    if (!connection.signal.aborted) throw error;
  } finally {
    leave();
    stopWatching();
    connection.end();
  }
}

/** Looks again and again whether the caller may still listen, and says something in between. */
function watch(connection: Connection, isAllowed: LiveOptions['isAllowed']): () => void {
  let seenAt = performance.now();
  let check = setTimeout(look, CHECK_MS);
  async function look(): Promise<void> {
    const allowed = await isAllowed().catch(() => null);
    if (allowed === true) seenAt = performance.now();
    else if (allowed === false || performance.now() - seenAt > BLIND_MS) connection.end('revoked');
    if (!connection.signal.aborted) check = setTimeout(look, CHECK_MS);
  }
  const beats = setInterval(() => connection.beat(), BEAT_MS);
  return () => {
    clearTimeout(check);
    clearInterval(beats);
  };
}

class Connection implements LiveOutput {
  readonly #res: Response;
  readonly #over = new AbortController();
  /** Set while the client has to read before there is room. */
  #goOn: (() => void) | null = null;

  constructor(res: Response) {
    this.#res = res;
    // One listener of each kind for the connection's life: a stream waits for room very often.
    res.on('drain', () => this.#goOn?.());
    res.on('close', () => this.#stop());
    // A client that has said all may listen on: other answers are sent to it. One that hangs up says the same at first, and
    // a stream would go on to nobody until something is to be told.
    const { socket } = res;
    const hangUp = () => res.destroy();
    socket?.once('end', hangUp);
    res.once('close', () => socket?.removeListener('end', hangUp));
    if (res.destroyed || socket?.readableEnded) this.#stop();
  }

  get signal(): AbortSignal {
    return this.#over.signal;
  }

  async send(bytes: string | Buffer): Promise<void> {
    if (!this.write(bytes)) await this.room();
  }

  write(bytes: string | Buffer): boolean {
    this.signal.throwIfAborted();
    return this.#res.write(bytes);
  }

  async room(): Promise<void> {
    this.signal.throwIfAborted();
    if (!this.#res.writableNeedDrain) return;
    const stall = setTimeout(() => this.#res.destroy(), STALL_MS);
    await new Promise<void>((resolve) => {
      this.#goOn = resolve;
    });
    clearTimeout(stall);
    this.#goOn = null;
    this.signal.throwIfAborted();
  }

  beat(): void {
    if (!this.signal.aborted && !this.#res.writableNeedDrain) this.#res.write(':\n\n');
  }

  end(why?: Farewell): void {
    if (this.signal.aborted) return;
    this.#stop();
    // Who does not read would not hear it either.
    if (this.#res.writableNeedDrain) this.#res.destroy();
    else this.#res.end(why ? sseEvent('bye', { reason: why, retry: RETRY_MS }) : undefined);
  }

  #stop(): void {
    this.#over.abort(new Error('the stream is over'));
    this.#goOn?.();
  }
}
