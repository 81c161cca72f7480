import { setTimeout as pause } from 'node:timers/promises';
import { DomainError, type Principal, type Rates } from '@spiderhub/core';
import type { RequestHandler, Response } from 'express';
import { callerOf } from './auth.ts';
import { begin } from './traffic.ts';

/** How long somebody is kept waiting for a refusal, ms. */
const HOLD_MS = 250;
/** So many wait at the same time in this process; whoever comes then is refused at once. */
const MAX_HELD = 500;

let held = 0;

/**
 * Counts a request before its body is read. Who sends too many is told so after a pause: a client that asks again at once,
 * whatever `Retry-After` says, is slowed down by its own refusals and costs its neighbours less.
 */
export async function arrive(rates: Rates | null, who: Principal, res: Response): Promise<void> {
  if (!rates) return;
  let tenant: string;
  try {
    tenant = await rates.arrive(who);
  } catch (error) {
    if (error instanceof DomainError && error.kind === 'exhausted') await hold();
    throw error;
  }
  await begin(tenant, res);
}

/** Makes whoever is refused wait for a moment. */
export async function hold(): Promise<void> {
  if (held >= MAX_HELD) return;
  held += 1;
  await pause(HOLD_MS);
  held -= 1;
}

/** For requests whose credentials were looked at before. */
export function rateGuard(rates: Rates): RequestHandler {
  return async (req, res, next) => {
    await arrive(rates, callerOf(req), res);
    next();
  };
}
