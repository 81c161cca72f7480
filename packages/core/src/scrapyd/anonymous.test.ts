import { parseNetwork } from '../lib/networks.ts';
import { createScrapydGuests } from './anonymous.ts';
import type { ScrapydNetwork } from './ports/store.ts';

function guests(...networks: [string, number][]) {
  const listNetworks = async (): Promise<ScrapydNetwork[]> =>
    networks.map(([network, organisation]) => ({ network, organisation, role: 'operator' }));
  return createScrapydGuests({ listNetworks });
}

async function organisationAt(address: string, ...networks: [string, number][]): Promise<number | null> {
  const who = await guests(...networks).at(address);
  return [...(who?.organisations.keys() ?? [])][0] ?? null;
}

it.each([
  ['10.1.2.3', 1],
  ['::ffff:10.1.2.3', 1],
  ['10.9.0.1', 2],
  ['11.0.0.1', null],
  ['fd00::1', 3],
  ['fd01::1', null],
  ['unknown', null],
  ['', null],
])('takes %s for a caller of the smallest network around it', async (address, organisation) => {
  const all: [string, number][] = [
    ['10.0.0.0/8', 1],
    ['10.9.0.0/16', 2],
    ['fd00::/16', 3],
  ];
  expect(await organisationAt(address, ...all)).toBe(organisation);
  expect(await organisationAt(address, ...all.toReversed())).toBe(organisation);
});

it.each(['127.0.0.1', '127.9.9.9', '::1', '::ffff:127.0.0.1'])(
  'lets %s in only where it is named',
  async (address) => {
    expect(await organisationAt(address, ['0.0.0.0/0', 1], ['::/0', 1])).toBeNull();
    expect(await organisationAt(address, ['127.0.0.0/8', 1], ['::1/128', 1])).toBe(1);
  },
);

it('makes a caller of one organisation with the role of its network, and no more', async () => {
  expect(await guests(['10.0.0.0/8', 7]).at('10.0.0.1')).toEqual({
    name: 'anonymous',
    user: null,
    shown: null,
    projects: new Map(),
    staff: false,
    organisations: new Map([[7, 'operator']]),
  });
});

it.each([
  ['10.0.0.0/8', '10.0.0.0/8'],
  ['10.1.2.3', '10.1.2.3/32'],
  ['FD00::/8', 'fd00::/8'],
  ['::1', '::1/128'],
  ['0.0.0.0/0', '0.0.0.0/0'],
])('reads %s', (text, network) => {
  expect(parseNetwork('--from', text)).toBe(network);
});

it.each([
  '',
  '10',
  '10.0.0',
  '10.0.0.0/33',
  'localhost',
  '10.0.0.1/8',
  'fd00::/129',
  '010.0.0.0/8',
  '10.0.0.0/',
])('takes %j for no network', (text) => {
  expect(() => parseNetwork('--from', text)).toThrow(/^--from: /);
});
