import { parseRequirements } from '@spiderhub/core';
import { requirePublicHosts } from './public-hosts.ts';

const ADDRESSES: Record<string, string[]> = {
  'public.example': ['8.8.8.8', '2606:4700::1111'],
  'half.example': ['8.8.8.8', '10.0.0.1'],
  'loop.example': ['::ffff:127.0.0.1'],
};

const resolve = async (host: string) => {
  const found = ADDRESSES[host];
  if (!found) throw new Error(`ENOTFOUND ${host}`);
  return found.map((address) => ({ address }));
};
const check = (file: string) => requirePublicHosts(parseRequirements(file), resolve);

it('takes hosts whose addresses are all public, and those that only somebody else may know', async () => {
  await check('a @ https://public.example/a.zip\nb @ https://unknown.example/b.zip\nc==1');
});

it.each(['half.example', 'loop.example'])('refuses %s, by its addresses', async (host) => {
  await expect(check(`a @ https://public.example/a.zip\ngit+https://${host}/b`)).rejects.toMatchObject({
    kind: 'invalid',
    message: `requirements: line 2: the host ${host} is not a public one`,
  });
});

it('asks the resolver of this machine', async () => {
  // Every machine knows this name, which the parser would not have let through.
  const [one] = parseRequirements('a @ https://public.example/a.zip');
  await expect(requirePublicHosts([{ ...one, host: 'localhost' } as never])).rejects.toThrow('localhost');
});
