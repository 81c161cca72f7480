import { formatDestination, parseDestination } from './destination.ts';

const read = (text: string) => parseDestination('allow', text);

describe('destinations that an operator allows', () => {
  test.each([
    ['10.1.2.0/24:8080', '10.1.2.0/24', 8080, 8080],
    ['10.1.2.3', '10.1.2.3/32', 1, 65_535],
    ['127.0.0.1:*', '127.0.0.1/32', 1, 65_535],
    ['192.168.0.0/16:80-443', '192.168.0.0/16', 80, 443],
    ['[fd00::1]:443', 'fd00::1/128', 443, 443],
    ['[FD00:0::]/8:80-90', 'fd00::/8', 80, 90],
    ['[fd00::/8]:80', 'fd00::/8', 80, 80],
    ['fd00::1', 'fd00::1/128', 1, 65_535],
    ['0.0.0.0/0', '0.0.0.0/0', 1, 65_535],
    ['[::ffff:10.0.0.1]:80', '::ffff:a00:1/128', 80, 80],
  ])('%s is understood', (text, network, firstPort, lastPort) => {
    const destination = read(text);
    expect(destination).toEqual({ network, firstPort, lastPort });
    expect(read(formatDestination(destination))).toEqual(destination);
  });

  test.each([
    '',
    'db.internal:5432',
    '10.1.2.3:0',
    '10.1.2.3:65536',
    '10.1.2.3:90-80',
    '10.1.2.3:80,81',
    '10.1.2.3/33',
    'fd00::1/129',
    '10.1.2',
    '2130706433',
    '0x7f.0.0.1',
    '010.0.0.1',
    'fe80::1%eth0',
    '[fd00::1',
    '10.1.2.3/',
    '10.1.2.0/24:8080; drop table',
    ' 10.1.2.3',
  ])('%j is refused', (text) => {
    expect(() => read(text)).toThrow(/^allow: .*expected an address/);
  });

  test('an address within a network is named as a mistake, with what was perhaps meant', () => {
    expect(() => read('10.1.2.3/24:80')).toThrow('a network of 24 bits begins with 10.1.2.0');
  });
});
