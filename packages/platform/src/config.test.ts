import { z } from 'zod';
import { ConfigError, parseEnvFile, readConfig } from './config.ts';
import { Port, ServiceConfig } from './service-config.ts';

const FULL = { DATABASE_URL: 'postgresql://me@localhost/db', REDIS_URL: 'redis://localhost:6379' };

describe('readConfig', () => {
  it('names every bad variable at once and shows no value', () => {
    const Schema = ServiceConfig.extend({ PORT: Port.default(8000) });
    const env = { DATABASE_URL: 'mysql://secret@host/db', PORT: '99999', LOG_LEVEL: 'loud' };
    const read = () => readConfig(Schema, env);
    expect(read).toThrow(ConfigError);
    expect(read).toThrow(/DATABASE_URL: expected postgresql/);
    expect(read).toThrow(/REDIS_URL: is required/);
    expect(read).toThrow(/PORT: /);
    expect(read).toThrow(/LOG_LEVEL: /);
    expect(read).not.toThrow(/secret/);
  });

  it('takes an empty variable as absent', () => {
    expect(readConfig(z.object({ PORT: Port.default(8000) }), { PORT: '' })).toEqual({ PORT: 8000 });
  });

  it.each([
    ['postgresql://me:pass@localhost:5432/db'],
    ['postgres://localhost/db'],
    ['postgresql:///db?host=/run/sockets&user=me'],
  ])('accepts %s', (url) => {
    expect(readConfig(ServiceConfig, { ...FULL, DATABASE_URL: url }).DATABASE_URL).toBe(url);
  });

  it.each([['unix:///run/redis.sock'], ['rediss://:pw@host'], ['redis://host:1/2']])('accepts %s', (url) => {
    expect(readConfig(ServiceConfig, { ...FULL, REDIS_URL: url }).REDIS_URL).toBe(url);
  });

  it('makes the home directory absolute', () => {
    expect(readConfig(ServiceConfig, { ...FULL, SPIDERHUB_HOME: 'x' }).SPIDERHUB_HOME).toBe(
      `${process.cwd()}/x`,
    );
  });
});

describe('parseEnvFile', () => {
  it.each([
    ['A=1', { A: '1' }],
    ['# A=1\n\nB = two words ', { B: 'two words' }],
    ['export A="x # y" # why', { A: 'x # y' }],
    ["A='it''s'", { A: "it''s" }],
    ['A=x#y', { A: 'x#y' }],
    ['A=x # y', { A: 'x' }],
    ['A=', { A: '' }],
    ['A=b=c\r\nB=2', { A: 'b=c', B: '2' }],
    ['no assignment\n1A=x', {}],
  ])('reads %j', (text, expected) => {
    expect(parseEnvFile(text)).toEqual(expected);
  });
});
