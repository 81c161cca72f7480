import { Readable } from 'node:stream';

/**
 * Bytes on their way. They come at the speed of whoever sends them and wait here for their reader, so that nobody who reads
 * slowly holds a connection.
 */
export interface Flow {
  /** The bytes, once. Throws what `send` threw. */
  chunks: AsyncIterable<Buffer>;
  /** Nothing more will come. */
  readonly isWhole: boolean;
}

/** Begins to send at once. What has come may wait for ever, and `send` may fail after the reader has left. */
export function flowOf(send: (put: (chunk: Buffer) => void) => Promise<unknown>): Flow {
  // With objects, chunks that came together are not joined, which would be a copy.
  const chunks = new Readable({ objectMode: true, read() {} });
  chunks.on('error', () => undefined);
  const flow = { chunks, isWhole: false };
  send((chunk) => chunks.push(chunk)).then(
    () => {
      flow.isWhole = true;
      chunks.push(null);
    },
    (error: Error) => chunks.destroy(error),
  );
  return flow;
}
