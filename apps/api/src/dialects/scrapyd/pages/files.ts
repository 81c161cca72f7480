import { pipeline } from 'node:stream/promises';
import type { ReadRange, RecordBatch, StreamRef, StreamStore } from '@spiderhub/core';
import type { ScrapydJob } from '@spiderhub/core/scrapyd';
import type { Call } from '../call.ts';
import { isRead, sendUnknownMethod } from '../wire/reply.ts';
import { createLogText } from './log-text.ts';
import { cut, readRange, sizeOf } from './ranges.ts';

/** The two folders of Scrapyd: where they come from in our store and how their files end. */
export const FOLDERS = {
  logs: { stream: 'logs', extension: '.log' },
  items: { stream: 'items', extension: '.jl' },
} as const;

export type FolderName = keyof typeof FOLDERS;

export function refOf({ key, attempt }: ScrapydJob, folder: FolderName): StreamRef {
  return { key, attempt, stream: FOLDERS[folder].stream };
}

const NEWLINE = Buffer.from('\n');

function itemLines({ lines }: RecordBatch): Buffer {
  return Buffer.concat(lines.flatMap((line) => [line, NEWLINE]));
}

/** A job's stream as the text of a file. It is as long as the crawl has come so far. */
async function* fileText(streams: StreamStore, ref: StreamRef, range: ReadRange): AsyncGenerator<Buffer> {
  const render = ref.stream === 'logs' ? createLogText() : itemLines;
  for await (const batch of streams.read(ref, range)) yield render(batch);
}

/** A crawl that runs may write in this very second, so that its file changed in the one before at the latest. */
function changedAt({ finishedAt }: ScrapydJob): Date {
  return finishedAt ?? new Date(Date.now() - 1000);
}

/** True when the reader has a finished job's file already. The header counts in seconds. */
function isUnchanged({ finishedAt }: ScrapydJob, since: string | undefined): boolean {
  if (!finishedAt || since === undefined) return false;
  return Math.floor(finishedAt.getTime() / 1000) * 1000 <= Date.parse(since);
}

/** Sends the log or the items of a job, whole or in part. */
export async function sendFile(call: Call, folder: FolderName, job: ScrapydJob): Promise<void> {
  const { req, res, parts } = call;
  if (!isRead(req)) return sendUnknownMethod(req, res);
  const ref = refOf(job, folder);
  const headers = {
    'Accept-Ranges': 'bytes',
    'Content-Type': 'text/plain; charset=utf-8',
    'Last-Modified': changedAt(job).toUTCString(),
    'X-Content-Type-Options': 'nosniff',
    'Content-Security-Policy': "default-src 'none'; sandbox",
  };
  if (isUnchanged(job, req.headers['if-modified-since'])) {
    const { 'Content-Type': _, ...others } = headers;
    res.writeHead(304, others);
    res.end();
    return;
  }
  // A range is a part of what GET sends; HEAD tells about the whole.
  const asked = req.method === 'HEAD' ? undefined : req.headers.range;
  if (asked === undefined && req.method !== 'HEAD') {
    res.writeHead(200, headers);
    await send(call, fileText(parts.streams, ref, {}));
    return;
  }
  // A file that grows keeps the size that it has now.
  const { end } = await parts.streams.stats(ref);
  const size = await sizeOf(fileText(parts.streams, ref, { to: end }));
  const range = readRange(asked, size);
  if (range === 'none') {
    res.writeHead(416, { ...headers, 'Content-Range': `bytes */${size}`, 'Content-Length': 0 });
    res.end();
    return;
  }
  const part = range ?? { first: 0, last: size - 1 };
  res.writeHead(range ? 206 : 200, {
    ...headers,
    'Content-Length': part.last - part.first + 1,
    ...(range && { 'Content-Range': `bytes ${part.first}-${part.last}/${size}` }),
  });
  if (req.method === 'HEAD') res.end();
  else await send(call, cut(fileText(parts.streams, ref, { to: end }), part));
}

async function send({ res }: Call, chunks: AsyncIterable<Buffer>): Promise<void> {
  await pipeline(chunks, res);
}
