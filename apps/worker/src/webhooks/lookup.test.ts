import type { LookupAddress } from 'node:dns';
import { createLookup } from './lookup.ts';

/** Names that no name server is asked about. */
const HERE: LookupAddress[] = [
  { address: '::1', family: 6 },
  { address: '127.0.0.1', family: 4 },
];

function ask(lookup: ReturnType<typeof createLookup>, host: string, options: object): Promise<unknown> {
  return new Promise((resolve, reject) => {
    lookup(host, options, (error, address, family) => (error ? reject(error) : resolve({ address, family })));
  });
}

it('gives all addresses or the first one, of the family that is asked for', async () => {
  const lookup = createLookup(async () => HERE);
  expect(await ask(lookup, 'receiver', { all: true })).toEqual({ address: HERE, family: undefined });
  expect(await ask(lookup, 'receiver', {})).toEqual({ address: '::1', family: 6 });
  expect(await ask(lookup, 'receiver', { family: 4 })).toEqual({ address: '127.0.0.1', family: 4 });
  const fourOnly = createLookup(async () => HERE.slice(1));
  await expect(ask(fourOnly, 'receiver', { family: 6 })).rejects.toMatchObject({ code: 'ENOTFOUND' });
});

it('asks the system about one name at a time, so that slow ones take one thread of few', async () => {
  let [now, most] = [0, 0];
  const lookup = createLookup(async () => {
    now += 1;
    most = Math.max(most, now);
    await new Promise((resolve) => setTimeout(resolve, 5));
    now -= 1;
    return HERE;
  });
  await Promise.all(['a', 'b', 'c', 'd', 'e'].map((host) => ask(lookup, host, {})));
  expect(most).toBe(1);
});

it('goes on behind a name that the system knows nothing of', async () => {
  const lookup = createLookup(async (host) => {
    if (host === 'nowhere') throw Object.assign(new Error('no such name'), { code: 'ENOTFOUND' });
    return HERE;
  });
  const [first, second] = await Promise.allSettled([ask(lookup, 'nowhere', {}), ask(lookup, 'receiver', {})]);
  expect(first).toMatchObject({ status: 'rejected', reason: { code: 'ENOTFOUND' } });
  expect(second.status).toBe('fulfilled');
});
