import jwt from 'jsonwebtoken';
import type { JobKey } from '../jobs/job.ts';
import { formatJobKey } from '../jobs/key.ts';
import type { JobTokens } from '../ports/job-tokens.ts';

/**
 * Tokens as Scrapy Cloud makes them: HS256, `{"aud": "job:1/2/3"}` and nothing else, no end of life. Whoever accepts
 * one asks whether the job still runs. `secret` is the one that all processes of this installation share.
 */
export function createJobTokens(secret: string): JobTokens {
  return {
    sign: (key) => jwt.sign({ aud: audienceOf(key) }, secret, { algorithm: 'HS256', noTimestamp: true }),
    verify(key, token) {
      try {
        // The algorithm is fixed here: the token's own word for it counts for nothing.
        jwt.verify(token, secret, { algorithms: ['HS256'], audience: audienceOf(key) });
        return true;
      } catch {
        return false;
      }
    },
  };
}

/** The value of SHUB_JOBAUTH, from which the official client takes its credentials inside of a crawl. */
export function encodeJobAuth(key: JobKey, token: string): string {
  return Buffer.from(`${formatJobKey(key)}:${token}`, 'latin1').toString('hex');
}

function audienceOf(key: JobKey): string {
  return `job:${formatJobKey(key)}`;
}
