import { AwsV4Signer } from 'aws4fetch';
import type { Credentials } from './credentials.ts';

export interface ToSign {
  method: string;
  url: URL;
  headers: Record<string, string>;
}

export interface SignOptions {
  credentials: Credentials;
  region: string;
  /** s3 by default. */
  service?: string;
  /** ms since the epoch, as the server has it. */
  at: number;
  /** Keys that were derived from secrets already. */
  cache?: Map<string, ArrayBuffer>;
}

/** The headers with a signature (AWS, version 4), without Host, which whoever sends adds. */
export async function signed(
  { method, url, headers }: ToSign,
  { credentials, region, service = 's3', at, cache }: SignOptions,
): Promise<Record<string, string>> {
  const { accessKeyId, secretAccessKey, sessionToken } = credentials;
  const signer = new AwsV4Signer({
    method,
    url: url.href,
    headers,
    accessKeyId,
    secretAccessKey,
    ...(sessionToken !== undefined && { sessionToken }),
    service,
    region,
    datetime: new Date(at).toISOString().replace(/[:-]|\.\d{3}/g, ''),
    ...(cache && { cache }),
  });
  return Object.fromEntries((await signer.sign()).headers);
}
