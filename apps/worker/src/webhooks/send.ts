import http from 'node:http';
import https from 'node:https';
import type { LookupFunction } from 'node:net';
import { type Attempted, retryAfter } from '@spiderhub/core';
import { RequestFilteringHttpAgent, RequestFilteringHttpsAgent } from 'request-filtering-agent';
import { createLookup } from './lookup.ts';

/** What an answer is read to, bytes; and what of it is kept. */
const MAX_ANSWER = 64 * 1024;
const KEPT_ANSWER = 2 * 1024;
/** More than a process ever sends at once: who waits for somebody else's connection to the same host is kept waiting by it. */
const MAX_SOCKETS = 256;
const IDLE_MS = 4000;
/** What of an answer's body has not come so long behind its status is not waited for, ms. */
const BODY_MS = 1000;

export interface Outgoing {
  url: string;
  headers: Record<string, string>;
  body: string;
}

/** Sends one message. Never rejects: what went wrong is part of the answer. */
export type Send = (outgoing: Outgoing) => Promise<Attempted>;

export interface SenderOptions {
  /** Networks that may be reached although they are not public, as the installation says. */
  allowNetworks: readonly string[];
  timeoutMs?: number;
  /** How names become addresses. */
  lookup?: LookupFunction;
}

/**
 * Sends to addresses that users chose. The agents look at the address that a socket really connects to, so that no name
 * leads inside; `node:http` follows no redirect.
 */
export function createSender({
  allowNetworks,
  timeoutMs = 10_000,
  lookup = createLookup(),
}: SenderOptions): Send {
  const options = {
    allowIPAddressList: [...allowNetworks],
    keepAlive: true,
    maxSockets: MAX_SOCKETS,
    timeout: IDLE_MS,
    lookup,
  };
  const plain = new RequestFilteringHttpAgent(options);
  const tls = new RequestFilteringHttpsAgent(options);

  return async function send(outgoing) {
    const startedAt = performance.now();
    const took = () => performance.now() - startedAt;
    const isTls = outgoing.url.startsWith('https:');
    const agent = isTls ? tls : plain;
    try {
      const seen = await request(outgoing, { isTls, agent, timeoutMs });
      const error = seen.status >= 200 && seen.status < 300 ? null : `answered ${seen.status}`;
      return { ...seen, error, durationMs: took() };
    } catch (error) {
      return {
        status: null,
        error: wordsOf(error).slice(0, 500),
        durationMs: took(),
        answer: null,
        retryAfterMs: null,
      };
    }
  };
}

/** The agents' own words for a refusal are no words for who reads why a message did not get through. */
const REFUSED = /^DNS lookup (\S+?)\(family:.* is not allowed/;

function wordsOf(error: unknown): string {
  const why = error instanceof Error ? error.message : String(error);
  const [, address] = REFUSED.exec(why) ?? [];
  return address === undefined ? why : `${address} is not allowed: it is no public address`;
}

interface RequestOptions {
  isTls: boolean;
  agent: http.Agent;
  timeoutMs: number;
}

type Seen = Pick<Attempted, 'answer' | 'retryAfterMs'> & { status: number };

function request(outgoing: Outgoing, options: RequestOptions, isAgain = false): Promise<Seen> {
  const { url, headers, body } = outgoing;
  const { isTls, agent, timeoutMs } = options;
  const bytes = Buffer.from(body);
  return new Promise((resolve, reject) => {
    const sent = (isTls ? https : http).request(url, {
      method: 'POST',
      agent,
      headers: { ...headers, 'Content-Type': 'application/json', 'Content-Length': bytes.length },
    });
    let isAnswered = false;
    const patience = setTimeout(
      () => sent.destroy(new Error(`no answer within ${timeoutMs / 1000} s`)),
      timeoutMs,
    );
    sent.on('close', () => {
      clearTimeout(patience);
      // Who answers with another protocol (101) is left without a word of error, and who waits for one would wait for ever.
      if (!isAnswered) reject(new Error('the connection ended without an answer'));
    });
    sent.on('error', (error: NodeJS.ErrnoException) => {
      // A connection that was kept may have been closed by the other side in this very moment.
      const isStale = sent.reusedSocket && (error.code === 'ECONNRESET' || error.code === 'EPIPE');
      if (isStale && !isAgain) resolve(request(outgoing, options, true));
      else reject(error);
    });
    // The status is the answer: what comes behind it, or does not come, changes nothing.
    sent.on('response', (response) => {
      isAnswered = true;
      readAnswer(response).then((seen) => resolve(seen), reject);
    });
    sent.end(bytes);
  });
}

function readAnswer(response: http.IncomingMessage): Promise<Seen> {
  const status = response.statusCode ?? 0;
  const retryAfterMs = retryAfter(response.headers['retry-after'], new Date());
  const kept: Buffer[] = [];
  let size = 0;
  return new Promise((resolve) => {
    const done = () => {
      const text = Buffer.concat(kept).subarray(0, KEPT_ANSWER).toString('utf8');
      // Postgres holds no NUL.
      resolve({ status, retryAfterMs, answer: text.replaceAll('\0', '\ufffd') });
    };
    response.on('data', (piece: Buffer) => {
      if (size < KEPT_ANSWER) kept.push(piece);
      size += piece.length;
      if (size > MAX_ANSWER) response.destroy();
    });
    const patience = setTimeout(() => response.destroy(), BODY_MS);
    response.once('close', () => clearTimeout(patience));
    response.once('close', done);
    response.once('error', done);
    response.once('end', done);
  });
}
