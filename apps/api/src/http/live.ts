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
  /** Calls back then, or at once when it is over already. */
  whenOver(listener: () => void): void;
}

/** Why we end a stream that could go on. */
export type Farewell = 'shutdown' | 'revoked';

export interface LiveOptions {
  /** Says whether the caller may still listen; rejects when that cannot be found out. */
  isAllowed: () => Promise<boolean>;
  /** Takes a place; returns how to leave it. Throws when there is none. */
  enter: (end: () => void) => () => void;
  /** Told of what fails while it goes on. */
  onError: (error: unknown) => void;
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

/**
 * Begins a live answer, which goes on until it ends, the client goes away or reads nothing, the credentials are revoked, or we
 * stop. Throws when it cannot begin; of what fails later `onError` is told. Whoever called is not kept: thousands may listen, and
 * what their requests went through would stay in memory with them.
 */
export function startLive(
  req: Request,
  res: Response,
  { follow }: LiveReply,
  { enter, isAllowed, onError }: LiveOptions,
): void {
  if (req.method === 'HEAD') {
    res.writeHead(200, HEADERS).end();
    return;
  }
  let connection: Connection | null = null;
  const leave = enter(() => connection?.end('shutdown'));
  res.writeHead(200, HEADERS);
  connection = new Connection(res);
  guard(connection, isAllowed);
  connection.whenOver(leave);
  void goOn(connection, follow, onError);
  // The way back into the middleware, which nobody takes any more.
  Object.assign(req, { next: undefined });
}

async function goOn(
  connection: Connection,
  follow: LiveReply['follow'],
  onError: LiveOptions['onError'],
): Promise<void> {
  try {
    await connection.send(`retry: ${RETRY_MS}\n\n`);
    await follow(connection);
    connection.end();
  } catch (error) {
    if (connection.isOver) return;
    onError(error);
    connection.cut();
  }
}

interface Guarded {
  connection: Connection;
  isAllowed: LiveOptions['isAllowed'];
  seenAt: number;
  beatAt: number;
  isLooking: boolean;
}

/** All connections of this process: one timer for all of them. */
const guarded = new Set<Guarded>();
let isGoing = false;

/** Looks again and again whether the caller may still listen, and says something in between. */
function guard(connection: Connection, isAllowed: LiveOptions['isAllowed']): void {
  const now = performance.now();
  const one: Guarded = { connection, isAllowed, seenAt: now, beatAt: now, isLooking: false };
  guarded.add(one);
  connection.whenOver(() => guarded.delete(one));
  if (isGoing) return;
  isGoing = true;
  setTimeout(goRound, CHECK_MS);
}

function goRound(): void {
  const now = performance.now();
  for (const one of guarded) {
    if (!one.isLooking) void look(one);
    if (now - one.beatAt < BEAT_MS) continue;
    one.beatAt = now;
    one.connection.beat();
  }
  isGoing = guarded.size > 0;
  if (isGoing) setTimeout(goRound, CHECK_MS);
}

async function look(one: Guarded): Promise<void> {
  one.isLooking = true;
  const allowed = await one.isAllowed().catch(() => null);
  const now = performance.now();
  if (allowed === true) one.seenAt = now;
  else if (allowed === false || now - one.seenAt > BLIND_MS) one.connection.end('revoked');
  one.isLooking = false;
}

const CRLF = Buffer.from('\r\n');

/** Bytes as one chunk of an answer (RFC 9112, 7.1), made once for all viewers who are sent the same bytes. */
const chunks = new WeakMap<Buffer, Buffer>();

function asChunk(bytes: Buffer): Buffer {
  const known = chunks.get(bytes);
  if (known) return known;
  const chunk = Buffer.concat([Buffer.from(`${bytes.length.toString(16)}\r\n`), bytes, CRLF]);
  chunks.set(bytes, chunk);
  return chunk;
}

class Connection implements LiveOutput {
  readonly #res: Response;
  readonly #listeners: (() => void)[] = [];
  #over: AbortController | null = null;
  isOver = false;
  /** Set while the client has to read before there is room. */
  #goOn: (() => void) | null = null;

  constructor(res: Response) {
    this.#res = res;
    // One listener of each kind for the connection's life: a stream waits for room very often.
    const goOn = () => this.#goOn?.();
    res.on('drain', goOn);
    res.on('close', () => this.#stop());
    // A client that has said all may listen on: other answers are sent to it. One that hangs up says the same at first, and
    // a stream would go on to nobody until something is to be told.
    const { socket } = res;
    const hangUp = () => res.destroy();
    socket?.once('end', hangUp);
    socket?.on('drain', goOn);
    res.once('close', () => socket?.removeListener('end', hangUp).removeListener('drain', goOn));
    if (res.destroyed || socket?.readableEnded) this.#stop();
  }

  /** Made for who asks: most streams do without. */
  get signal(): AbortSignal {
    this.#over ??= new AbortController();
    if (this.isOver) this.#over.abort(new Error('the stream is over'));
    return this.#over.signal;
  }

  whenOver(listener: () => void): void {
    if (this.isOver) listener();
    else this.#listeners.push(listener);
  }

  async send(bytes: string | Buffer): Promise<void> {
    if (!this.write(bytes)) await this.room();
  }

  write(bytes: string | Buffer): boolean {
    this.#throwIfOver();
    const { chunkedEncoding, socket } = this.#res;
    // What many are sent goes to their sockets as it is: an answer would frame it anew for each, in four pieces.
    if (typeof bytes === 'string' || !socket || !chunkedEncoding) return this.#res.write(bytes);
    return socket.write(asChunk(bytes));
  }

  #isFull(): boolean {
    return this.#res.socket?.writableNeedDrain ?? this.#res.writableNeedDrain;
  }

  async room(): Promise<void> {
    this.#throwIfOver();
    if (!this.#isFull()) return;
    const stall = setTimeout(() => this.#res.destroy(), STALL_MS);
    await new Promise<void>((resolve) => {
      this.#goOn = resolve;
    });
    clearTimeout(stall);
    this.#goOn = null;
    this.#throwIfOver();
  }

  beat(): void {
    if (!this.isOver && !this.#isFull()) this.#res.write(':\n\n');
  }

  end(why?: Farewell): void {
    if (this.isOver) return;
    this.#stop();
    // Who does not read would not hear it either.
    if (this.#isFull()) this.#res.destroy();
    else this.#res.end(why ? sseEvent('bye', { reason: why, retry: RETRY_MS }) : undefined);
  }

  /** Without a farewell: something is wrong, and the client may come again. */
  cut(): void {
    this.#stop();
    this.#res.destroy();
  }

  #throwIfOver(): void {
    if (this.isOver) throw new Error('the stream is over');
  }

  #stop(): void {
    if (this.isOver) return;
    this.isOver = true;
    this.#over?.abort(new Error('the stream is over'));
    this.#goOn?.();
    for (const listener of this.#listeners.splice(0)) listener();
  }
}
