import type { RequestHandler } from 'express';
import { sendJson } from './operation.ts';

/** What a working service needs, by name. A check rejects when its part is missing. */
export type Checks = Record<string, () => Promise<void>>;

const CHECK_TIMEOUT_MS = 3000;

/** The process answers. */
export const healthz: RequestHandler = (_req, res) => sendJson(res, 200, { status: 'ok' });

/** Everything that a job needs is there; otherwise 503 with the names of what is missing. `more` stands in each answer. */
export function readyz(checks: Checks, more: object = {}): RequestHandler {
  return async (_req, res) => {
    const names = Object.keys(checks);
    const results = await Promise.all(names.map((name) => passes(checks[name] as Checks[string])));
    const missing = names.filter((_, i) => !results[i]);
    if (missing.length === 0) sendJson(res, 200, { status: 'ok', missing, ...more });
    else sendJson(res, 503, { status: 'unavailable', missing, ...more });
  };
}

async function passes(check: () => Promise<void>): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error('no answer in time')), CHECK_TIMEOUT_MS);
  });
  try {
    await Promise.race([check(), late]);
    return true;
  } catch {
    return false;
  } finally {
    clearTimeout(timer);
  }
}
