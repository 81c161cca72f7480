import type { Logger } from '@spiderhub/platform';
import type { RequestHandler } from 'express';
import { sendJson } from './operation.ts';

/** What a working service needs, by name. A check rejects when its part is missing. */
export type Checks = Record<string, () => Promise<void>>;

const CHECK_TIMEOUT_MS = 3000;

/** The process answers. */
export const healthz: RequestHandler = (_req, res) => sendJson(res, 200, { status: 'ok' });

/**
 * Everything that a job needs is there; otherwise 503 with the names of what is missing. What `more` says after the checks stands in each answer. Why
 * something is missing is for the log, once.
 */
export function readyz(checks: Checks, log: Logger, more: () => object = () => ({})): RequestHandler {
  const note = createNotes(log);
  return async (_req, res) => {
    const names = Object.keys(checks);
    const results = await Promise.all(
      names.map((name) => passes(checks[name] as Checks[string], (error) => note(name, error))),
    );
    const missing = names.filter((_, i) => !results[i]);
    if (missing.length === 0) sendJson(res, 200, { status: 'ok', missing, ...more() });
    else sendJson(res, 503, { status: 'unavailable', missing, ...more() });
  };
}

/** Says what has changed: everybody may ask, as often as they like. */
function createNotes(log: Logger): (name: string, error: unknown) => void {
  const reasons = new Map<string, string>();
  return (name, error) => {
    const reason = error === null ? undefined : String((error as Error)?.message ?? error);
    if (reasons.get(name) === reason) return;
    if (reason === undefined) {
      reasons.delete(name);
      log.info({ missing: name }, 'what was missing is there again');
    } else {
      reasons.set(name, reason);
      log.warn({ missing: name, reason }, 'not ready: something is missing');
    }
  };
}

/** Whether it passes in time. How it ended is noted even when that was too late. */
async function passes(check: () => Promise<void>, note: (error: unknown) => void): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => {
      note(new Error('no answer in time'));
      resolve(false);
    }, CHECK_TIMEOUT_MS);
  });
  const asked = check().then(
    () => true,
    (error: unknown) => {
      note(error);
      return false;
    },
  );
  const passed = await Promise.race([asked, late]);
  clearTimeout(timer);
  if (passed) note(null);
  return passed;
}
