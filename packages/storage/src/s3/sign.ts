import { sign } from 'aws4';
import type { Credentials } from './credentials.ts';

export interface ToSign {
  method: string;
  url: URL;
  headers: Record<string, string>;
}

export interface SignOptions {
  credentials: Credentials;
  region: string;
  /** ms since the epoch, as the server has it. */
  at: number;
}

/** The headers with a signature (AWS, version 4), in small letters, without Host, which whoever sends adds. */
export function signed(
  { method, url, headers }: ToSign,
  { credentials, region, at }: SignOptions,
): Record<string, string> {
  const { accessKeyId, secretAccessKey, sessionToken } = credentials;
  const date = new Date(at).toISOString().replace(/[:-]|\.\d{3}/g, '');
  const request = sign(
    {
      method,
      host: url.host,
      path: url.pathname + url.search,
      headers: { ...headers, 'x-amz-date': date },
      service: 's3',
      region,
    },
    { accessKeyId, secretAccessKey, ...(sessionToken !== undefined && { sessionToken }) },
  );
  const all = Object.entries(request.headers ?? {}).map(([name, value]) => [
    name.toLowerCase(),
    String(value),
  ]);
  return Object.fromEntries(all.filter(([name]) => name !== 'host'));
}
