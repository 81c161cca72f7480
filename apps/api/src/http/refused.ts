import { type Actor, type AuditPlace, actorOf, DomainError, type Refusals, stranger } from '@spiderhub/core';
import type { Request } from 'express';
import { ForeignSite } from './http-problem.ts';

/** Codes of refusals that the door does not see, by what the audit log calls them. */
const ACTIONS: Record<string, string> = { csrf_token: 'csrf', too_many_failures: 'sign-in' };
const MAX_OBJECT = 200;

/**
 * Notes what a request was refused before anybody asked the door, or for coming too often: forged steps of a browser, and
 * 429. Equal ones are counted, see `Refusals`, so that thousands a second write no more than a few lines a minute.
 */
export function noteRefused(refusals: Pick<Refusals, 'note'>, req: Request, error: unknown): void {
  if (error instanceof ForeignSite) {
    const object = objectOf(req);
    refusals.note({ actor: actorIn(req), action: 'csrf', place: placeOf(req), object, why: error.message });
    return;
  }
  if (!(error instanceof DomainError)) return;
  const { kind, code, message, details } = error;
  if (kind !== 'exhausted' && code !== 'csrf_token') return;
  const object = code === 'csrf_token' ? objectOf(req) : '';
  // How long one has to wait is another number each time, and the same refusal.
  const why = message.replace(/, try again .*$/, '');
  const place = placeIn(details) ?? placeOf(req);
  refusals.note({ actor: actorIn(req), action: ACTIONS[code] ?? 'requests', place, object, why });
}

function actorIn(req: Request): Actor {
  const address = req.ip ?? '';
  const client = req.headers['user-agent'] ?? null;
  return req.user ? actorOf(req.user, { address, client }) : stranger(address, client);
}

/** A path names what was asked for; secrets stand in bodies, headers and queries. */
function objectOf({ method, baseUrl, path }: Request): string {
  return `${method} ${baseUrl}${path}`.slice(0, MAX_OBJECT);
}

function placeOf({ user: who }: Request): AuditPlace {
  return who?.user == null ? null : { user: who.user };
}

function placeIn({ project, organisation }: Record<string, unknown>): AuditPlace {
  if (typeof project === 'number') return { project };
  return typeof organisation === 'number' ? { organisation } : null;
}
