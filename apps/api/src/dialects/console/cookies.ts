import type { IncomingHttpHeaders } from 'node:http';
import { SESSION_MS } from '@spiderhub/core';
import { parse, serialize } from 'cookie';

const SESSION = 'spiderhub_session';
/** Tells a browser that somebody has signed in with from those of guessers; it opens nothing. */
const DEVICE = 'spiderhub_device';
const DEVICE_SECONDS = 365 * 24 * 3600;

/** What a browser sent along. */
export function cookiesOf(headers: IncomingHttpHeaders): { session?: string; device?: string } {
  const all = parse(headers.cookie ?? '');
  const { [SESSION]: session, [DEVICE]: device } = all;
  return { ...(session && { session }), ...(device && { device }) };
}

/** Headers that give a browser a session, or take it away (null). */
export function setCookies(
  session: string | null,
  isHttps: boolean,
  device?: string,
): Record<string, string[]> {
  // The path keeps it from the storage, whose answers pages of other sites may read.
  const common = { path: '/console', httpOnly: true, sameSite: 'strict', secure: isHttps } as const;
  const cookies = [serialize(SESSION, session ?? '', { ...common, maxAge: session ? SESSION_MS / 1000 : 0 })];
  if (device) cookies.push(serialize(DEVICE, device, { ...common, maxAge: DEVICE_SECONDS }));
  return { 'Set-Cookie': cookies };
}
