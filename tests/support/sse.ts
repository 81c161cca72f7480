import { once } from 'node:events';
import http from 'node:http';

/** One Server-Sent Event, read as a browser does. */
export interface SseEvent {
  event: string;
  // biome-ignore lint/suspicious/noExplicitAny: JSON of any event
  data: any;
  /** What `Last-Event-ID` would be after it. */
  id: string | null;
}

export interface Listening {
  status: number;
  headers: http.IncomingHttpHeaders;
  /** All events so far. */
  events: SseEvent[];
  /** Every byte so far. */
  text(): string;
  /** Settles when the other side has ended the answer. */
  ended: Promise<void>;
  /** Stops reading, as somebody who has fallen asleep. */
  pause(): void;
  /** Hangs up. */
  close(): void;
}

/** Opens a stream and reads it until one of both sides ends it. */
export async function listen(url: string, headers: Record<string, string> = {}): Promise<Listening> {
  const request = http.get(url, { headers, agent: false });
  const [answer] = (await once(request, 'response')) as [http.IncomingMessage];
  const events: SseEvent[] = [];
  let text = '';
  let rest = '';
  let id: string | null = null;
  answer.setEncoding('utf8');
  answer.on('data', (piece: string) => {
    text += piece;
    rest += piece;
    for (let at = rest.indexOf('\n\n'); at >= 0; at = rest.indexOf('\n\n')) {
      const read = readEvent(rest.slice(0, at), id);
      id = read.id;
      if (read.event) events.push({ ...read.event, id });
      rest = rest.slice(at + 2);
    }
  });
  answer.on('error', () => {});
  const ended = new Promise<void>((resolve) => answer.once('close', () => resolve()));
  return {
    status: answer.statusCode ?? 0,
    headers: answer.headers,
    events,
    text: () => text,
    ended,
    pause: () => answer.pause(),
    close: () => request.destroy(),
  };
}

function readEvent(
  block: string,
  before: string | null,
): { id: string | null; event: Omit<SseEvent, 'id'> | null } {
  let id = before;
  let event = 'message';
  const data: string[] = [];
  for (const line of block.split('\n')) {
    const [, field = '', value = ''] = /^([^:]*):? ?(.*)$/s.exec(line) ?? [];
    if (field === 'id') id = value;
    if (field === 'event') event = value;
    if (field === 'data') data.push(value);
  }
  return { id, event: data.length === 0 ? null : { event, data: JSON.parse(data.join('\n')) } };
}
