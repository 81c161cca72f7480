import type { IncomingHttpHeaders } from 'node:http';
import { type OpenIdFlow, SESSION_MS } from '@spiderhub/core';
import { parse, serialize } from 'cookie';
import { z } from 'zod';

const SESSION = 'spiderhub_session';
/** Tells a browser that somebody has signed in with from those of guessers; it opens nothing. */
const DEVICE = 'spiderhub_device';
/** What a browser keeps while it is at an OpenID provider. */
const OPENID = 'spiderhub_openid';
const OPENID_SECONDS = 600;
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

const Kept = z.strictObject({
  state: z.string().min(1),
  nonce: z.string().min(1),
  verifier: z.string().min(1),
  invitation: z.string().nullable(),
});
type Kept = OpenIdFlow & { invitation: string | null };

/**
 * A header for what a browser keeps while it is at a provider; null takes it away. It comes back with a step that begins at
 * the provider's page, so that `SameSite` is not strict; nobody else's step works with it, since the provider tells the state.
 */
export function openIdCookie(kept: Kept | null, isHttps: boolean): string {
  const value = kept ? Buffer.from(JSON.stringify(kept)).toString('base64url') : '';
  return serialize(OPENID, value, {
    path: '/console/sign-in',
    httpOnly: true,
    sameSite: 'lax',
    secure: isHttps,
    maxAge: kept ? OPENID_SECONDS : 0,
  });
}

/** Null when there is none, or none of ours. */
export function readOpenIdCookie(headers: IncomingHttpHeaders): Kept | null {
  const value = parse(headers.cookie ?? '')[OPENID];
  if (!value) return null;
  try {
    return Kept.parse(JSON.parse(Buffer.from(value, 'base64url').toString()));
  } catch {
    return null;
  }
}
