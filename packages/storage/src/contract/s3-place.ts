import { randomBytes } from 'node:crypto';
import { findVersitygw, type S3Server, startMoto, startVersitygw } from '@spiderhub/testkit';
import { parseS3Url } from '../s3/address.ts';
import { createS3Client, type S3Client, type S3Patience } from '../s3/client.ts';
import { credentialsFrom } from '../s3/credentials.ts';
import { createObjects, type Objects } from '../s3/objects.ts';

/** The S3 servers of this machine: moto always, and a strict one where it is installed. */
export function s3Servers(): [name: string, start: () => Promise<S3Server>][] {
  const strict = findVersitygw();
  return [['moto', startMoto], ...(strict ? [['versitygw', () => startVersitygw(strict)] as never] : [])];
}

/** Counts what S3 was asked. */
export interface Bucket {
  client: S3Client;
  objects: Objects;
  /** Tries by method. */
  asked: Record<string, number>;
}

/** A bucket of its own, or the same one by its URL, also through another endpoint. */
export async function makeBucket(
  server: S3Server,
  {
    endpoint = server.endpoint,
    bucket,
    patience,
  }: { endpoint?: string; bucket?: string; patience?: Partial<S3Patience> } = {},
): Promise<Bucket & { bucket: string }> {
  const name = bucket ?? `spiderhub-${randomBytes(6).toString('hex')}`;
  const asked: Record<string, number> = {};
  const client = createS3Client({
    address: parseS3Url(`s3://${name}/files?endpoint=${endpoint}`),
    credentials: credentialsFrom(server.keys, 'us-east-1'),
    patience: { firstPauseMs: 5, longestPauseMs: 50, givesUpMs: 5000, ...patience },
    onTry: (method) => {
      asked[method] = (asked[method] ?? 0) + 1;
    },
  });
  if (bucket === undefined) await client.ask({ method: 'PUT' });
  asked.PUT = 0;
  return { client, objects: createObjects(client), asked, bucket: name };
}
