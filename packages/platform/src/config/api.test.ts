import { ApiConfig } from './api.ts';
import { readConfig } from './read.ts';

const GIVEN = { DATABASE_URL: 'postgresql:///x', REDIS_URL: 'redis://localhost' };

it.each(['bogus', '10.0.0.1,', '10.0.0.0/99', 'true'])('says what TRUST_PROXY may be for %j', (text) => {
  expect(() => readConfig(ApiConfig, { ...GIVEN, TRUST_PROXY: text })).toThrow(
    'TRUST_PROXY: expected addresses or networks separated by commas',
  );
});

it.each(['10.0.0.1', 'loopback, 192.168.0.0/16', ' ::1 '])('takes TRUST_PROXY %j', (text) => {
  expect(readConfig(ApiConfig, { ...GIVEN, TRUST_PROXY: text }).TRUST_PROXY).toBe(text);
});

it.each(['0', '-1', '1e9'])('names the range of AUTH_FAILURES_PER_MINUTE for %j', (text) => {
  expect(() => readConfig(ApiConfig, { ...GIVEN, AUTH_FAILURES_PER_MINUTE: text })).toThrow(
    'AUTH_FAILURES_PER_MINUTE: expected a whole number from 1 to 1000000',
  );
});
