import { randomBytes } from 'node:crypto';
import { createFailureCounts } from '@spiderhub/queue';
import { eventually } from '@spiderhub/testkit';
import { createThrottle } from '../../apps/api/src/http/throttle.ts';
import { redisAddress } from '../support/redis.ts';

const redis = redisAddress();
const closers: (() => void)[] = [];
let prefix: string;

beforeEach(() => {
  prefix = `test-${randomBytes(6).toString('hex')}`;
});
afterEach(() => {
  for (const close of closers.splice(0)) close();
});

/** As another process has it: a connection of its own. */
function counts(address: typeof redis = redis) {
  const made = createFailureCounts({ redis: address, prefix });
  closers.push(made.close);
  return made;
}

/** Commands fail at once until the connection is made. */
async function connected() {
  const made = counts();
  await eventually(() => made.get('nobody'));
  return made;
}

it('are the sum of what two processes counted, until the window of the first ends', async () => {
  const [one, other] = [await connected(), await connected()];
  expect(await one.get('1.2.3.4')).toEqual({ failures: 0, endsInMs: 0 });
  await Promise.all(Array.from({ length: 20 }, (_, i) => (i % 2 ? one : other).add('1.2.3.4', 60_000)));
  const { failures, endsInMs } = await other.get('1.2.3.4');
  expect(failures).toBe(20);
  expect(endsInMs).toBeGreaterThan(0);
  expect(endsInMs).toBeLessThanOrEqual(60_000);
  expect((await one.get('5.6.7.8')).failures).toBe(0);
  await one.add('short', 1);
  await eventually(async () => expect((await other.get('short')).failures).toBe(0));
});

it('make an address wait in the process that it has not troubled yet', async () => {
  const options = { limit: 3, loopbackLimit: 3 };
  const one = createThrottle({ ...options, shared: await connected() });
  const other = createThrottle({ ...options, shared: await connected() });
  for (let i = 0; i < 2; i++) await one.failed('1.2.3.4');
  await other.failed('1.2.3.4');
  expect(await one.waitSeconds('1.2.3.4')).toBeGreaterThan(0);
  expect(await other.waitSeconds('1.2.3.4')).toBeGreaterThan(0);
});

it('are those of each process while Redis is away', async () => {
  const nowhere = { host: '127.0.0.1', port: 1 };
  const throttle = createThrottle({ limit: 2, loopbackLimit: 2, shared: counts(nowhere) });
  for (let i = 0; i < 2; i++) await throttle.failed('1.2.3.4');
  expect(await throttle.waitSeconds('1.2.3.4')).toBeGreaterThan(0);
  expect(await throttle.waitSeconds('5.6.7.8')).toBe(0);
});
