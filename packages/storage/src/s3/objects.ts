import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';
import { crcText, type S3Call, type S3Client } from './client.ts';
import { S3Error } from './errors.ts';
import { type Flow, flowOf } from './flow.ts';
import { elementsOf, escapeXml, textOf } from './xml.ts';

/** Parts of a large object, bytes. */
const PART_BYTES = 16 * 2 ** 20;
/** Larger files go in parts, bytes. */
const MULTIPART_BYTES = 64 * 2 ** 20;
/** S3 removes so many at once. */
const REMOVED_AT_ONCE = 1000;
const MARKER = 'spiderhub';
/** Whoever asks whether S3 is there wants to know it now, ms. */
const PING_MS = 2000;

export interface StoredObject {
  key: string;
  sizeBytes: number;
  /** ms since the epoch. */
  changed: number;
}

/** Objects below the prefix of an address. Each is written once and never changed. */
export interface Objects {
  put(key: string, body: Buffer): Promise<void>;
  /** Stores a file whose SHA-256 is known, in parts when it is large. */
  putFile(key: string, path: string, sha256: string): Promise<void>;
  /** Bytes from `start` to `end`, exclusive. Throws when there are fewer. */
  read(key: string, start: number, end: number): Promise<Buffer>;
  /** The same, as they come. */
  flow(key: string, start: number, end: number): Flow;
  /** From `start` on, so many bytes or as many as there are; `size` is that of the whole object. */
  readPart(key: string, start: number, bytes: number): Promise<{ body: Buffer; size: number }>;
  /** Fine when they are not there. */
  remove(keys: readonly string[]): Promise<void>;
  /** Whose keys begin so, in the order of their keys. */
  list(below: string): AsyncIterable<StoredObject>;
  /** Throws when the bucket cannot be read or, the first time, not be written. */
  ping(): Promise<void>;
}

export function createObjects(client: S3Client): Objects {
  async function put(key: string, body: Buffer, sha256?: string): Promise<void> {
    await client.ask({ method: 'PUT', key, body, ...(sha256 !== undefined && { sha256 }) });
  }

  const { readPart, sendPart } = partsOf(client);

  return {
    put: (key, body) => put(key, body),

    async putFile(key, path, sha256) {
      const file = await open(path, 'r');
      try {
        const { size } = await file.stat();
        if (size > MULTIPART_BYTES) await putParts(client, key, file, size);
        else await put(key, await file.readFile(), sha256);
      } finally {
        await file.close();
      }
    },

    async read(key, start, end) {
      const { body } = await readPart(key, start, end - start);
      assertLength(key, body.length, end - start);
      return body;
    },

    flow: (key, start, end) => flowOf((put) => sendPart(key, start, end - start, put)),

    readPart,

    async remove(keys) {
      for (let at = 0; at < keys.length; at += REMOVED_AT_ONCE)
        await removeSome(client, keys.slice(at, at + REMOVED_AT_ONCE));
    },

    list: (below) => listed(client, below),

    async ping() {
      try {
        // An answer to HEAD would not say what is wrong.
        await client.ask({ method: 'GET', key: MARKER, givesUpMs: PING_MS });
      } catch (error) {
        if (!(error instanceof S3Error && error.isMissing)) throw error;
        await put(MARKER, Buffer.from('Spiderhub keeps its files here.\n'));
      }
    },
  };
}

function partsOf(client: S3Client) {
  async function askPart(key: string, start: number, bytes: number, take?: S3Call['take']) {
    const range = `bytes=${start}-${start + bytes - 1}`;
    const reply = await client
      .ask({ method: 'GET', key, headers: { range }, ...(take && { take }) })
      .catch((error: unknown) => {
        // An empty object has no range.
        if (error instanceof S3Error && error.status === 416 && start === 0) return null;
        throw error;
      });
    if (!reply) return { body: Buffer.alloc(0), size: 0 };
    const size = Number(/\/(\d+)$/.exec(reply.headers['content-range'] ?? '')?.[1]);
    if (reply.status !== 206 || Number.isNaN(size)) {
      throw new S3Error(`GET ${key}`, reply.status, 'the server does not answer ranges');
    }
    return { body: reply.body, size };
  }

  async function readPart(key: string, start: number, bytes: number) {
    const part = await askPart(key, start, bytes);
    assertLength(key, part.body.length, Math.min(bytes, part.size - start));
    return part;
  }

  /** A part that is asked for again comes from its beginning, of which some has been passed on. */
  async function sendPart(key: string, start: number, bytes: number, put: (chunk: Buffer) => void) {
    let sent = 0;
    await askPart(key, start, bytes, (chunk, at) => {
      const isNew = at + chunk.length - sent;
      if (isNew <= 0) return;
      put(isNew < chunk.length ? chunk.subarray(-isNew) : chunk);
      sent += isNew;
    });
    assertLength(key, sent, bytes);
  }

  return { readPart, sendPart };
}

function assertLength(key: string, found: number, expected: number): void {
  if (found !== expected) throw new S3Error(`GET ${key}`, 206, `${found} bytes instead of ${expected}`);
}

type OpenFile = Awaited<ReturnType<typeof open>>;

async function putParts(client: S3Client, key: string, file: OpenFile, size: number): Promise<void> {
  const begun = await client.ask({
    method: 'POST',
    key,
    query: { uploads: '' },
    headers: { 'x-amz-checksum-algorithm': 'CRC32' },
  });
  const uploadId = textOf(begun.body.toString(), 'UploadId');
  if (!uploadId) throw new S3Error(`POST ${key}`, begun.status, 'no upload was begun');
  try {
    const parts: string[] = [];
    for (let at = 0; at < size; at += PART_BYTES) {
      const partNumber = String(parts.length + 1);
      const body = await partOf(file, at, Math.min(PART_BYTES, size - at));
      const { headers } = await client.ask({ method: 'PUT', key, query: { partNumber, uploadId }, body });
      parts.push(
        `<Part><PartNumber>${partNumber}</PartNumber><ETag>${escapeXml(headers.etag ?? '')}</ETag>` +
          `<ChecksumCRC32>${crcText(body)}</ChecksumCRC32></Part>`,
      );
    }
    const whole = Buffer.from(`<CompleteMultipartUpload>${parts.join('')}</CompleteMultipartUpload>`);
    // A checksum of this call would be taken for one of the object.
    const query = { uploadId };
    await client.ask({ method: 'POST', key, query, body: whole, isAboutObject: true });
  } catch (error) {
    await client.ask({ method: 'DELETE', key, query: { uploadId } }).catch(() => undefined);
    throw error;
  }
}

async function partOf(file: OpenFile, at: number, length: number): Promise<Buffer> {
  const { bytesRead, buffer } = await file.read(Buffer.alloc(length), 0, length, at);
  if (bytesRead !== length) throw new Error('the file became shorter while it was stored');
  return buffer;
}

async function removeSome(client: S3Client, keys: readonly string[]): Promise<void> {
  const { prefix } = client.address;
  const objects = keys.map((key) => `<Object><Key>${escapeXml(prefix + key)}</Key></Object>`).join('');
  const body = Buffer.from(`<Delete><Quiet>true</Quiet>${objects}</Delete>`);
  const reply = await client.ask({
    method: 'POST',
    query: { delete: '' },
    headers: { 'content-md5': createHash('md5').update(body).digest('base64') },
    body,
  });
  // Some servers have never heard of an object that is gone, and say so.
  const failed = elementsOf(reply.body.toString(), 'Error').find(
    (each) => textOf(each, 'Code') !== 'NoSuchKey',
  );
  if (failed !== undefined)
    throw new S3Error(`DELETE ${textOf(failed, 'Key')}`, reply.status, textOf(failed, 'Code'));
}

async function* listed(client: S3Client, below: string): AsyncGenerator<StoredObject> {
  const { prefix } = client.address;
  for (let token = ''; ; ) {
    const { body } = await client.ask({
      method: 'GET',
      query: { 'list-type': '2', prefix: prefix + below, ...(token && { 'continuation-token': token }) },
    });
    const xml = body.toString();
    for (const each of elementsOf(xml, 'Contents')) {
      yield {
        key: textOf(each, 'Key').slice(prefix.length),
        sizeBytes: Number(textOf(each, 'Size')),
        changed: Date.parse(textOf(each, 'LastModified')),
      };
    }
    token = textOf(xml, 'NextContinuationToken');
    if (!token || textOf(xml, 'IsTruncated') !== 'true') return;
  }
}
