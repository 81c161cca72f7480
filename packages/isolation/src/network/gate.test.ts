import { networkInterfaces } from 'node:os';
import { parseDestination } from '@spiderhub/core';
import { gateOf } from './gate.ts';
import type { Policy } from './policy.ts';

const allow = (...texts: string[]) => texts.map((text) => parseDestination('allow', text));
const policy = (everyone: string[], seven: string[] = []): Policy => ({
  everyone: allow(...everyone),
  resolvers: ['10.0.0.53'],
  projects: new Map([[7, allow(...seven)]]),
});

describe('what a proxy connects to', () => {
  test.each([
    '0.0.0.0',
    '10.77.0.10',
    '10.0.0.53',
    '100.64.0.1',
    '127.0.0.1',
    '127.255.0.3',
    '169.254.169.254',
    '172.16.3.4',
    '192.168.1.1',
    '224.0.0.1',
    '255.255.255.255',
    '::',
    '::1',
    '::127.0.0.1',
    '::ffff:127.0.0.1',
    '::ffff:7f00:1',
    '::ffff:203.0.113.10',
    '64:ff9b::7f00:1',
    '64:ff9b:1::a00:1',
    '2002:7f00:1::',
    '2001:0:1::1',
    'fc00::1',
    'fd00::2',
    'fe80::1',
    'fe80::1%eth0',
    '2606:4700::1%eth0',
    'ff02::1',
    '2130706433',
    '0x7f000001',
    '127.1',
    '',
    ...Object.values(networkInterfaces()).flatMap((all) => (all ?? []).map(({ address }) => address)),
  ])('never %j by itself', (address) => {
    expect(gateOf(policy([]), 7)(address, 80)).toBe(false);
  });

  test.each(['203.0.113.10', '1.1.1.1', '2606:4700::1111'])('%s, on every port', (address) => {
    const gate = gateOf(policy([]), 7);
    expect([1, 80, 65_535].every((port) => gate(address, port))).toBe(true);
  });

  it('a project reaches what it is allowed, by each way to write it, and no other project does', () => {
    const both = policy(
      ['127.0.0.1:8000'],
      ['10.1.2.0/24:8080-8081', '[fd00::1]:443', '[::ffff:10.9.0.1]:80'],
    );
    const [seven, eight] = [gateOf(both, 7), gateOf(both, 8)];
    for (const [address, port] of [
      ['10.1.2.200', 8081],
      ['::ffff:10.1.2.200', 8080],
      ['fd00:0:0::1', 443],
    ] as const) {
      expect([address, seven(address, port), eight(address, port)]).toEqual([address, true, false]);
    }
    expect([seven, eight].map((gate) => gate('127.0.0.1', 8000))).toEqual([true, true]);
    expect(
      [
        ['10.1.2.200', 8082],
        ['10.1.3.1', 8080],
        ['fd00::1', 80],
        ['fd00::1%eth0', 443],
        ['127.0.0.1', 8001],
      ].filter(([address, port]) => seven(String(address), Number(port))),
    ).toEqual([]);
  });
});
