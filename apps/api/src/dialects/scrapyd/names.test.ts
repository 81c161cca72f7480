import { checkNewJob, checkNewName, jobName } from './names.ts';
import { stopLevelOf } from './signals.ts';

it.each(['../x', 'a/b', '', '.', '..', 'a\\b', 'a\nb', 'x'.repeat(256), '7-1-2'])(
  'refuses a job named %j',
  (name) => {
    expect(() => checkNewJob(7, name)).toThrow('jobid is invalid');
  },
);

it.each(['a', '6487ec79947edab326d6db28a2d86511e8247444', '2026-11-21', 'é 1', '8-1-2'])(
  'takes a job named %j',
  (name) => {
    expect(() => checkNewJob(7, name)).not.toThrow();
  },
);

it.each(['', '.', '..', '../p', 'a/b', 'a\0', 'x'.repeat(300)])('refuses a project named %j', (name) => {
  expect(() => checkNewName('project', name)).toThrow();
});

it('knows a job by its key, with slashes or dashes', () => {
  const key = { project: 12, spider: 3, job: 4 };
  expect(jobName('12/3/4')).toEqual({ alias: '12/3/4', key });
  expect(jobName('12-3-4')).toEqual({ alias: '12-3-4', key });
  expect(jobName('12-3/4').key).toBeNull();
});

it.each([
  ['INT', 1],
  ['TERM', 1],
  ['2', 1],
  ['15', 1],
  ['KILL', 3],
  ['9', 3],
  ['HUP', 3],
  ['0', 0],
  ['18', 0],
])('takes signal %s as level %d', (signal, level) => {
  expect(stopLevelOf(signal)).toBe(level);
});

it.each([
  ['int', "'str' object cannot be interpreted as an integer"],
  ['SIGINT', "'str' object cannot be interpreted as an integer"],
  ['', "'str' object cannot be interpreted as an integer"],
  ['-9', "'str' object cannot be interpreted as an integer"],
  ['999', '[Errno 22] Invalid argument'],
  ['STOP', 'signal STOP is not supported'],
])('refuses signal %j', (signal, message) => {
  expect(() => stopLevelOf(signal)).toThrow(message);
});
