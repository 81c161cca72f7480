import { type IncomingMessage, request } from 'node:http';
import type { MessageCounts } from '@spiderhub/core';
import type { SpoolPosition } from '../spool-reader.ts';

/** Where the agents of all Pods listen. */
export const AGENT_PORT = 6801;
const ANSWER_MS = 30_000;

/** How far a crawl's messages were stored. */
export interface AgentCheckpoint {
  position: SpoolPosition;
  dropped: number;
  complete: boolean;
  counts: MessageCounts;
}

export interface AgentState {
  /** How long nobody has prolonged the crawl's life, ms. */
  quietMs: number;
  started: boolean;
  stopReason: string | null;
  deadlinePassed: boolean;
  checkpoint: AgentCheckpoint | null;
}

export interface SpoolPart {
  /** Whole lines; empty when there is none yet. */
  lines: Buffer;
  next: SpoolPosition;
  /** Nothing comes any more. */
  complete: boolean;
}

/** Another worker has the crawl, or this one was never given it. */
export class NotOurs extends Error {}

/** The container beside a crawl (`pod_agent.py`), as one worker process reaches it. */
export interface AgentClient {
  /** Makes the crawl this process's own, unless it is another's who prolonged its life less than `quietMs` ago. */
  own(quietMs: number): Promise<AgentState>;
  state(): Promise<AgentState>;
  put(name: string, content: Buffer | string): Promise<void>;
  post(
    order: 'start' | 'extend' | 'stop' | 'kill' | 'ended' | 'checkpoint' | 'over',
    body?: object,
  ): Promise<void>;
  /** Lines from there on; waits some seconds for the first. */
  spool(position: SpoolPosition): Promise<SpoolPart>;
}

export interface AgentAddress {
  host: string;
  token: string;
  /** Which process asks. */
  worker: string;
}

export function createAgentClient({ host, token, worker }: AgentAddress): AgentClient {
  async function send(method: string, path: string, body?: Buffer | string): Promise<IncomingMessage> {
    const headers = {
      authorization: `Bearer ${token}`,
      'x-worker': worker,
      ...(body !== undefined && { 'content-length': String(Buffer.byteLength(body)) }),
    };
    const answer = await new Promise<IncomingMessage>((resolve, reject) => {
      const options = { host, port: AGENT_PORT, path, method, headers, agent: false };
      const sent = request(options, resolve);
      sent.setTimeout(ANSWER_MS, () => sent.destroy(new Error('the agent does not answer')));
      sent.on('error', reject);
      sent.end(body);
    });
    if (answer.statusCode === 200) return answer;
    answer.resume();
    if (answer.statusCode === 409) throw new NotOurs('the crawl is another worker’s');
    throw new Error(`the agent of a Pod answered ${answer.statusCode}`);
  }

  async function json<T>(method: string, path: string, body?: object): Promise<T> {
    const answer = await send(method, path, body && JSON.stringify(body));
    return JSON.parse((await bytesOf(answer)).toString()) as T;
  }

  return {
    own: (quietMs) => json('POST', '/own', { quietMs }),
    state: () => json('GET', '/state'),
    put: async (name, content) => void (await bytesOf(await send('PUT', `/files/${name}`, content))),
    post: async (order, body = {}) => void (await json('POST', `/${order}`, body)),
    async spool({ file, offset }) {
      const answer = await send('GET', `/spool/${file}/${offset}`);
      const lines = await bytesOf(answer);
      const [number = 0, at = 0] = String(answer.headers['x-position']).split('/').map(Number);
      const complete = answer.headers['x-complete'] === '1';
      return { lines, next: { file: number, offset: at }, complete };
    },
  };
}

async function bytesOf(answer: IncomingMessage): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of answer) parts.push(part as Buffer);
  return Buffer.concat(parts);
}
