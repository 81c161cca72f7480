import { isFromOneOf } from './networks.ts';

it.each([
  ['10.1.2.3', ['10.0.0.0/8'], true],
  ['11.1.2.3', ['10.0.0.0/8'], false],
  ['::ffff:10.1.2.3', ['10.0.0.0/8'], true],
  ['fd00::1', ['10.0.0.0/8', 'fd00::/8'], true],
  ['fe80::1%eth0', ['fe80::/10'], true],
  ['10.1.2.3', ['::/0'], false],
  ['127.0.0.1', ['0.0.0.0/0'], true],
  ['', ['0.0.0.0/0', '::/0'], false],
  ['nonsense', ['0.0.0.0/0', '::/0'], false],
  [null, ['0.0.0.0/0'], false],
])('%s in %j: %s', (address, networks, is) => {
  expect(isFromOneOf(networks, address)).toBe(is);
});
