import { DomainError } from '@spiderhub/core';
import type { Request, Response } from 'express';
import { hold } from './rate-guard.ts';

const RETRY_SECONDS = 2;

/** Long answers under way, by who reads them. */
export interface Downloads {
  /**
   * Counts one until its connection or the answer ends. Throws `exhausted` for a caller that reads too many already:
   * who opens hundreds and reads none would keep memory, files and connections to the database from everybody else.
   */
  enter(req: Request, res: Response): Promise<void>;
}

/** Counts in this process: at most `limit` at a time for each caller. */
export function createDownloads(limit: number): Downloads {
  const underWay = new Map<string, number>();

  function leave(who: string): void {
    const left = (underWay.get(who) ?? 1) - 1;
    if (left > 0) underWay.set(who, left);
    else underWay.delete(who);
  }

  return {
    async enter({ user, method }, res) {
      if (method === 'HEAD') return;
      const who = user?.user == null ? JSON.stringify([user?.shown, user?.name]) : `user ${user.user}`;
      const count = underWay.get(who) ?? 0;
      if (count >= limit) {
        await hold();
        throw tooMany(limit);
      }
      underWay.set(who, count + 1);
      res.once('close', () => leave(who));
    },
  };
}

function tooMany(limit: number): DomainError {
  const message = `More than ${limit} downloads at the same time, try again when one of them has ended`;
  return new DomainError('exhausted', 'too_many_downloads', message, {
    details: { retryAfterSeconds: RETRY_SECONDS },
  });
}
