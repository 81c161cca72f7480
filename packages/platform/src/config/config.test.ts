import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import {
  LauncherDirectory,
  Port,
  PythonPath,
  RequirementsFile,
  Seconds,
  ServiceConfig,
  wholeNumber,
} from './fields.ts';
import { ConfigError, checkConfigs, readConfig } from './read.ts';

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

  it.each(['0', '1e9', '-1', '1.5', 'x', ' '])('names the range of a number for %j, once', (text) => {
    const read = () => readConfig(z.object({ SLOTS: wholeNumber(1, 1000) }), { SLOTS: text });
    expect(read).toThrow(/^Bad configuration:\n {2}SLOTS: expected a whole number from 1 to 1000$/);
  });

  it.each(['0', '-1', '86401', 'x'])('names the range of a duration for %j', (text) => {
    expect(() => readConfig(z.object({ LEASE: Seconds }), { LEASE: text })).toThrow(
      'LEASE: expected a number of seconds above 0, 86400 at most',
    );
  });

  it('makes the home directory absolute', () => {
    expect(readConfig(ServiceConfig, { ...FULL, SPIDERHUB_HOME: 'x' }).SPIDERHUB_HOME).toBe(
      `${process.cwd()}/x`,
    );
  });
});

describe('paths', () => {
  const Paths = z.object({ PYTHON: PythonPath, LAUNCHER: LauncherDirectory, REQUIREMENTS: RequirementsFile });
  let folder: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'config-'));
  });

  afterEach(() => rmSync(folder, { recursive: true }));

  it('names each that leads to nothing', () => {
    const read = () => readConfig(Paths, { PYTHON: '/nope', LAUNCHER: folder, REQUIREMENTS: folder });
    expect(read).toThrow(/PYTHON: expected a program/);
    expect(read).toThrow(/LAUNCHER: expected the folder of the launcher scripts/);
    expect(read).toThrow(/REQUIREMENTS: expected a file/);
  });

  it('takes what is there, and a Python by its name', () => {
    const file = join(folder, 'crawl.py');
    writeFileSync(file, '');
    expect(readConfig(Paths, { PYTHON: 'python3', LAUNCHER: `${folder}/`, REQUIREMENTS: file })).toEqual({
      PYTHON: 'python3',
      LAUNCHER: folder,
      REQUIREMENTS: file,
    });
  });
});

describe('checkConfigs', () => {
  const A = z.object({ PORT: Port, NAME: z.string('no name') });
  const B = z.object({ PORT: Port, LEASE: Seconds });

  it('names what is wrong for any schema, each problem once', () => {
    expect(() => checkConfigs([A, B], { PORT: 'x', NAME: '', LEASE: '0' })).toThrow(
      new ConfigError([
        'PORT: expected a whole number from 0 to 65535',
        'NAME: is required',
        'LEASE: expected a number of seconds above 0, 86400 at most',
      ]),
    );
  });

  it('is silent when all can be read', () => {
    expect(() => checkConfigs([A, B], { PORT: '1', NAME: 'x', LEASE: '0.5' })).not.toThrow();
  });
});
