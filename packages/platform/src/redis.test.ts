import { redisOptions } from './redis.ts';

it.each([
  ['redis://localhost', { host: 'localhost', port: 6379 }],
  ['redis://u:p%40ss@cache:6380/2', { host: 'cache', port: 6380, username: 'u', password: 'p@ss', db: 2 }],
  ['rediss://:pw@cache', { host: 'cache', port: 6379, password: 'pw', tls: {} }],
  ['redis://[::1]:7000', { host: '::1', port: 7000 }],
  ['unix:///run/a%20b/redis.sock', { path: '/run/a b/redis.sock' }],
  ['unix:///run/redis.sock?db=3', { path: '/run/redis.sock', db: 3 }],
])('reads %s', (url, expected) => {
  expect(redisOptions(url)).toEqual(expected);
});
