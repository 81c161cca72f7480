import { type JobDetails, writeRawObject } from '@spiderhub/core';
import { metadataChange, metadataOf, metadataRemoval } from './metadata.ts';

const JOB: JobDetails = {
  id: 7,
  key: { project: 1, spider: 2, job: 3 },
  spiderName: 'books',
  state: 'running',
  attempt: 1,
  priority: 2,
  units: 1,
  tags: ['a'],
  version: '1.0',
  closeReason: null,
  stateSince: new Date(2000),
  pendingAt: new Date(1000),
  runningAt: new Date(2000),
  finishedAt: null,
  deletedAt: null,
  scheduledBy: 'me',
  startedBy: 'jobrunner',
  completedBy: null,
  cancelledBy: null,
  deletedBy: null,
  stopRequested: false,
  external: false,
  counts: { items: 0, pages: 0, logs: 0, errors: 0 },
  args: { a: '1' },
  settings: {},
  environment: {},
  command: null,
  scrapyStats: null,
  meta: {},
  requestId: null,
};

describe('metadata of a job', () => {
  it('shows what the job has and leaves out what it has not', () => {
    expect(JSON.parse(writeRawObject(metadataOf(JOB)))).toEqual({
      project: 1,
      spider: 'books',
      state: 'running',
      priority: 2,
      units: 1,
      tags: ['a'],
      spider_type: 'manual',
      version: '1.0',
      pending_time: 1000,
      running_time: 2000,
      scheduled_by: 'me',
      started_by: 'jobrunner',
      spider_args: { a: '1' },
    });
  });

  it.each([
    ['without arguments', null, ['py:report.py']],
    ['with its arguments alone', ['--day', '1'], ['py:report.py', '--day', '1']],
    ['as it was read', ['py:report.py', '--day', '1'], ['py:report.py', '--day', '1']],
  ])("begins a script's command line with its name: %s", (_what, command, expected) => {
    const raw = metadataOf({ ...JOB, spiderName: 'py:report.py', command }).get('job_cmd');
    expect(JSON.parse(raw ?? 'null')).toEqual(expected);
  });

  it('has no command line for a spider that was scheduled with empty arguments of a script', () => {
    expect(metadataOf({ ...JOB, command: [] }).get('job_cmd')).toBeUndefined();
  });

  it('gives free fields back verbatim', () => {
    const meta = { big: '12345678901234567890', nan: 'NaN', lone: '"\\ud800"', none: 'null' };
    const fields = metadataOf({ ...JOB, meta });
    for (const [name, raw] of Object.entries(meta)) expect(fields.get(name)).toBe(raw);
  });

  it('never lets a free field say what the job is', () => {
    const fields = metadataOf({ ...JOB, meta: { state: '"finished"', tags: '"odd"', unique: '"u"' } });
    expect([fields.get('state'), fields.get('tags'), fields.get('unique')]).toEqual([
      '"running"',
      '["a"]',
      undefined,
    ]);
  });

  it('shows settings as they were written', () => {
    const settings = { ID: '12345678901234567890', F: '1.0', N: 'NaN' };
    expect(metadataOf({ ...JOB, settings }).get('job_settings')).toBe(
      '{"ID":12345678901234567890,"F":1.0,"N":NaN}',
    );
  });

  it('tells of a stop request while the job runs', () => {
    expect(metadataOf({ ...JOB, stopRequested: true }).get('stop_requested')).toBe('true');
    expect(metadataOf({ ...JOB, stopRequested: true, state: 'finished' }).has('stop_requested')).toBe(false);
  });
});

describe('a change of metadata', () => {
  const change = (fields: Record<string, string>) => metadataChange(new Map(Object.entries(fields)));

  it('puts known fields in their places', () => {
    expect(
      change({
        close_reason: '"failed"',
        tags: '["x","y","x"]',
        priority: '"4"',
        units: '3',
        scrapystats: '{"a":1.0}',
        spider_args: '{"a":"b","n":12345678901234567890,"f":1.0}',
      }),
    ).toEqual({
      closeReason: 'failed',
      tags: ['x', 'y'],
      priority: 4,
      units: 3,
      scrapyStats: '{"a":1.0}',
      args: '{"a":"b","n":"12345678901234567890","f":"1.0"}',
      meta: new Map(),
      forget: [],
    });
  });

  it.each([
    ['priority', '9'],
    ['units', '0'],
    ['units', '1.5'],
    ['tags', '"x"'],
    ['tags', '[1]'],
    ['tags', '[""]'],
    ['tags', '["\\ud800"]'],
    ['close_reason', '"a\\u0000b"'],
    ['spider_args', '[1]'],
    ['spider_args', '{"-s":"x"}'],
    ['environment', '{"a b":"x"}'],
    ['job_cmd', '[1]'],
  ])('refuses %s = %s and names it', (name, raw) => {
    expect(() => metadataChange(new Map([[name, raw]]))).toThrow(
      /^(priority|units|tags|close_reason|spider_args|-s|environment|job_cmd): /,
    );
  });

  it.each([
    ['__proto__', '{}'],
    ['anything', 'NaN'],
    ['anything', 'null'],
  ])('keeps %s = %s verbatim', (name, raw) => {
    expect(metadataChange(new Map([[name, raw]]))).toEqual({ meta: new Map([[name, raw]]), forget: [] });
  });

  it('takes null for "empty" where we know the field', () => {
    expect(change({ tags: 'null', close_reason: 'null', priority: 'null' })).toEqual({
      tags: [],
      closeReason: null,
      meta: new Map(),
      forget: [],
    });
  });

  it('changes nothing when a client saves what it has read', () => {
    const own = metadataOf(JOB);
    for (const name of ['priority', 'units', 'tags', 'version', 'spider_args']) own.delete(name);
    expect(metadataChange(own)).toEqual({ meta: new Map(), forget: [] });
  });

  it('empties a known field and removes a free one', () => {
    expect(metadataRemoval('tags')).toEqual({ tags: [], meta: new Map(), forget: [] });
    expect(metadataRemoval('constructor')).toEqual({ meta: new Map(), forget: ['constructor'] });
  });
});
