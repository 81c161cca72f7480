import { DomainError, openIdErrors } from '@spiderhub/core';
import { openIdContracts } from '@spiderhub/wire';
import type { Operation } from '../../../http/operation.ts';
import { JsonReply, RedirectReply } from '../../../http/reply.ts';
import type { Parts } from '../../../parts.ts';
import { openIdCookie, readOpenIdCookie } from '../cookies.ts';
import { served } from '../served.ts';
import { enter } from '../sign-in.ts';
import type { Site } from '../site.ts';

/** Below the console, where a provider sends browsers back to. */
export const CALLBACK = openIdContracts.finishOpenId.path;

/** Signing in by a provider of OpenID Connect: going there, and coming back. */
export function openIdOperations(parts: Parts, site: Site): Operation[] {
  return [begin(parts, site), finish(parts, site)];
}

const begin = (parts: Parts, site: Site) =>
  served(
    openIdContracts.beginOpenId,
    'open',
  )(async (call) => {
    const { openId } = parts.people;
    if (!openId) throw openIdErrors.notSetUp();
    const { url, flow } = await openId.begin(`${site.published()}/console${CALLBACK}`);
    const kept = { ...flow, invitation: call.body.invitation ?? null };
    return new JsonReply({ url }, { 'Set-Cookie': openIdCookie(kept, site.isHttps(call)) });
  });

const finish = (parts: Parts, site: Site) =>
  served(
    openIdContracts.finishOpenId,
    'open',
  )(async (call) => {
    const { openId } = parts.people;
    if (!openId) throw openIdErrors.notSetUp();
    const here = site.published();
    const forget = openIdCookie(null, site.isHttps(call));
    try {
      const kept = readOpenIdCookie(call.headers);
      if (!kept) throw openIdErrors.failed();
      const address = new URL(`${here}/console${CALLBACK}`);
      for (const [name, value] of Object.entries(call.query)) {
        if (typeof value === 'string') address.searchParams.set(name, value);
      }
      const { invitation, ...flow } = kept;
      const known = await openId.finish(site.stranger(call), address, flow, invitation);
      const { headers } = await enter(parts, site, call, known);
      const cookies = [headers['Set-Cookie'] ?? []].flat();
      return new RedirectReply(`${here}/`, { ...headers, 'Set-Cookie': [...cookies, forget] });
    } catch (error) {
      // A browser is here, not a program: its page says what went wrong.
      if (!(error instanceof DomainError)) throw error;
      parts.log.info({ err: error }, 'signing in by OpenID did not work');
      return new RedirectReply(`${here}/sign-in#error=${error.code}`, { 'Set-Cookie': [forget] });
    }
  });
