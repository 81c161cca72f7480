import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { redisOptions } from './redis.ts';

const SENTINEL = { failoverDetector: true, sentinelCommandTimeout: 2000 };

it.each([
  ['redis://localhost', { host: 'localhost', port: 6379 }],
  ['redis://u:p%40ss@cache:6380/2', { host: 'cache', port: 6380, username: 'u', password: 'p@ss', db: 2 }],
  ['rediss://:pw@cache', { host: 'cache', port: 6379, password: 'pw', tls: {} }],
  ['redis://[::1]:7000', { host: '::1', port: 7000 }],
  ['unix:///run/a%20b/redis.sock', { path: '/run/a b/redis.sock' }],
  ['unix:///run/redis.sock?db=3', { path: '/run/redis.sock', db: 3 }],
  [
    'redis+sentinel://a,b:7000,[::1]:7001/main',
    {
      ...SENTINEL,
      name: 'main',
      sentinels: [
        { host: 'a', port: 26_379 },
        { host: 'b', port: 7000 },
        { host: '::1', port: 7001 },
      ],
    },
  ],
  [
    'rediss+sentinel://u:p%2Cw@a/main%20one?db=2&sentinel_username=s&sentinel_password=t%26',
    {
      ...SENTINEL,
      name: 'main one',
      sentinels: [{ host: 'a', port: 26_379 }],
      username: 'u',
      password: 'p,w',
      db: 2,
      sentinelUsername: 's',
      sentinelPassword: 't&',
      tls: {},
      sentinelTLS: {},
      enableTLSForSentinelMode: true,
    },
  ],
])('reads %s', (url, expected) => {
  expect(redisOptions({ REDIS_URL: url })).toEqual(expected);
});

it.each([
  ['http://x', /expected redis:\/\//],
  ['redis+sentinel://a:1,b:2', /name-of-the-master/],
  ['redis+sentinel:///main', /name-of-the-master/],
  ['redis+sentinel://a,,b/main', /separated by commas/],
  ['redis+sentinel://a:99999/main', /separated by commas/],
  ['redis+sentinel://a/main?db=x', /number of a database/],
  ['redis+sentinel://a/main?role=slave', /nothing else/],
  ['redis+sentinel://a/main/0', /name-of-the-master/],
])('refuses %s', (url, sentence) => {
  expect(() => redisOptions({ REDIS_URL: url })).toThrow(sentence);
});

describe('REDIS_CA_FILE', () => {
  let folder: string;
  let file: string;

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'ca-'));
    file = join(folder, 'ca.crt');
    writeFileSync(file, 'PEM');
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('is whom servers and Sentinels are believed by', () => {
    expect(redisOptions({ REDIS_URL: 'rediss://a', REDIS_CA_FILE: file })).toMatchObject({
      tls: { ca: 'PEM' },
    });
    expect(redisOptions({ REDIS_URL: 'rediss+sentinel://a/main', REDIS_CA_FILE: file })).toMatchObject({
      tls: { ca: 'PEM' },
      sentinelTLS: { ca: 'PEM' },
    });
  });

  it('is refused where nothing is encrypted', () => {
    expect(() => redisOptions({ REDIS_URL: 'redis://a', REDIS_CA_FILE: file })).toThrow(/has no TLS/);
    expect(redisOptions({ REDIS_URL: 'unix:///x', REDIS_CA_FILE: file })).toEqual({ path: '/x' });
  });
});
