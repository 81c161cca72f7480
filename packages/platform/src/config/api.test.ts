import { availableParallelism } from 'node:os';
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

it.each(['0', '65', 'many'])('names the range of API_PROCESSES for %j', (text) => {
  expect(() => readConfig(ApiConfig, { ...GIVEN, API_PROCESSES: text })).toThrow(
    'API_PROCESSES: expected a whole number from 1 to 64, or auto',
  );
});

it('takes one API process, as many as are asked for, or one a core', () => {
  const processes = (env: object) => readConfig(ApiConfig, { ...GIVEN, ...env }).API_PROCESSES;
  expect(processes({})).toBe(1);
  expect(processes({ API_PROCESSES: '3' })).toBe(3);
  expect(processes({ API_PROCESSES: 'auto' })).toBe(Math.min(availableParallelism(), 64));
});
