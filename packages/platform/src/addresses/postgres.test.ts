import { databaseAddress } from './postgres.ts';

const FILE = '/etc/a b.crt';

it.each([
  [
    'postgresql://u@h/d?sslmode=verify-full',
    'postgresql://u@h/d?sslmode=verify-full&sslrootcert=%2Fetc%2Fa%20b.crt',
  ],
  [
    'postgresql://u@h/d?sslmode=require&a=b',
    'postgresql://u@h/d?sslmode=require&a=b&sslrootcert=%2Fetc%2Fa%20b.crt',
  ],
  [
    'postgresql://u@h/d?sslmode=verify-full&sslrootcert=/x',
    'postgresql://u@h/d?sslmode=verify-full&sslrootcert=/x',
  ],
  ['postgresql://u@h/d?sslmode=disable', 'postgresql://u@h/d?sslmode=disable'],
  ['postgresql://u@h/d?sslmode=no-verify', 'postgresql://u@h/d?sslmode=no-verify'],
  ['postgresql:///d?host=/run', 'postgresql:///d?host=/run'],
])('PGSSLROOTCERT with %s', (url, expected) => {
  expect(databaseAddress({ DATABASE_URL: url, PGSSLROOTCERT: FILE })).toEqual({
    url: expected,
    directUrl: expected,
    pooled: false,
  });
});

it('a direct address means that the other one is a pooler', () => {
  expect(
    databaseAddress({ DATABASE_URL: 'postgresql://p/d', DATABASE_DIRECT_URL: 'postgresql://h/d' }),
  ).toEqual({
    url: 'postgresql://p/d',
    directUrl: 'postgresql://h/d',
    pooled: true,
  });
});
