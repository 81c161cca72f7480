import { redisOptions } from '@spiderhub/platform';

/** The Redis of this test run. */
export function redisAddress() {
  const url = process.env.REDIS_URL;
  if (!url) throw new Error('REDIS_URL is not set: run these tests through `npm test`');
  return redisOptions({ REDIS_URL: url });
}
