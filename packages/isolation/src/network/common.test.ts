import { destinationsOf, resolversIn } from './common.ts';

it('finds the name servers in resolv.conf', () => {
  const text = `# nameserver 9.9.9.9\nnameserver 10.255.255.53\n nameserver\tfe80::1%eth0 # x\nnameserver 127.0.0.53
nameserver 10.255.255.53\nnameserver not-an-address\nsearch example.com\noptions ndots:0`;
  expect(resolversIn(text)).toEqual(['10.255.255.53', 'fe80::1', '127.0.0.53']);
  expect(resolversIn('')).toEqual([]);
});

it.each([
  ['http://127.0.0.1:8000', '127.0.0.1/32', 8000],
  ['https://[::1]', '::1/128', 443],
  ['http://127.0.0.1/', '127.0.0.1/32', 80],
])('takes %s for its address and port alone', async (url, network, port) => {
  expect(await destinationsOf(url)).toEqual([{ network, firstPort: port, lastPort: port }]);
});

it('takes a name that nobody knows for nothing', async () => {
  expect(await destinationsOf('http://nobody.invalid:8000')).toEqual([]);
});
