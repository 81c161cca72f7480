import fc from 'fast-check';
import { aJob, anEvent } from '../testing/samples.ts';
import { isWanted, messageOf } from './message.ts';

const ALL = { types: [], spiders: [], hasTag: [] };

it.each<[string, Partial<Record<'types' | 'spiders' | 'hasTag', string[]>>, boolean]>([
  ['everything', {}, true],
  ['its type', { types: ['job.finished', 'job.started'] }, true],
  ['another type', { types: ['job.started'] }, false],
  ['its spider', { spiders: ['other', 'books'] }, true],
  ['another spider', { spiders: ['book'] }, false],
  ['one of its tags', { hasTag: ['weekly', 'daily'] }, true],
  ['another tag', { hasTag: ['dail'] }, false],
  ['its spider and another tag', { spiders: ['books'], hasTag: ['weekly'] }, false],
  ['another spider and its tag', { spiders: ['other'], hasTag: ['daily'] }, false],
])('a webhook for %s', (_, filter, isMeant) => {
  expect(isWanted({ ...ALL, ...filter }, anEvent(), aJob())).toBe(isMeant);
});

it('one for spiders or tags hears nothing of what belongs to no job', () => {
  const deployed = anEvent({ type: 'version.deployed', job: null });
  expect(isWanted(ALL, deployed, null)).toBe(true);
  expect(isWanted({ ...ALL, spiders: ['books'] }, deployed, null)).toBe(false);
  expect(isWanted({ ...ALL, hasTag: ['daily'] }, deployed, null)).toBe(false);
});

const dataOf = (message: { body: string }) => (JSON.parse(message.body) as { data: object }).data;

it('says what is known of a job that ended', () => {
  const message = messageOf(anEvent(), aJob());
  expect(JSON.parse(message.body)).toEqual({
    type: 'job.finished',
    timestamp: '2026-01-01T00:02:00.000Z',
    data: {
      project: 1,
      job: '1/2/3',
      actor: 'worker',
      spider: 'books',
      state: 'finished',
      close_reason: 'finished',
      attempt: 1,
      version: 'v1',
      tags: ['daily'],
      counts: { items: 5, pages: 6, logs: 7, errors: 0 },
      scheduled_by: 'eve',
      duration_seconds: 60,
    },
  });
  expect(message.id).toBe('log-1-2');
});

it('knows no duration of a job that never ran or still runs', () => {
  for (const part of [{ runningAt: null }, { finishedAt: null }])
    expect(dataOf(messageOf(anEvent(), aJob(part)))).toMatchObject({ duration_seconds: null });
});

it.each<[string, string | null, object]>([
  ['project.reported', '[1,"two"]', { reported: [1, 'two'] }],
  ['project.reported', 'null', { reported: null }],
  ['project.reported', '{"rate":NaN}', { reported: { rate: null } }],
  ['version.deployed', '{"version":"v2","spiders":3}', { version: 'v2', spiders: 3 }],
  ['version.deployed', 'null', {}],
  ['version.deployed', '"text"', {}],
  ['version.deployed', null, {}],
])('%s of %s tells %j', (type, data, told) => {
  const event = anEvent({ type: type as 'version.deployed', job: null, data });
  expect(dataOf(messageOf(event, null))).toEqual({ project: 1, actor: 'worker', ...told });
});

it('a long one leaves out first the tags and what was said, then the job', () => {
  const tags = Array.from({ length: 1000 }, (_, n) => `tag ${n} ${'x'.repeat(20)}`);
  expect(dataOf(messageOf(anEvent(), aJob({ tags })))).toMatchObject({
    spider: 'books',
    tags: [],
    truncated: true,
  });
  const said = anEvent({ type: 'project.reported', data: JSON.stringify('y'.repeat(30_000)) });
  expect(dataOf(messageOf(said, null))).toEqual({
    project: 1,
    job: '1/2/3',
    actor: 'worker',
    truncated: true,
  });
  const wordy = aJob({ closeReason: 'z'.repeat(30_000) });
  expect(dataOf(messageOf(anEvent(), wordy))).toEqual({
    project: 1,
    job: '1/2/3',
    actor: 'worker',
    truncated: true,
  });
});

it('is never longer than 20 KiB, whatever the letters are', () => {
  fc.assert(
    fc.property(
      fc.array(fc.string({ unit: 'binary', maxLength: 255 }), { maxLength: 90 }),
      fc.string({ unit: 'binary', maxLength: 6000 }),
      (tags, closeReason) => {
        const { body } = messageOf(anEvent(), aJob({ tags, closeReason }));
        expect(Buffer.byteLength(body)).toBeLessThanOrEqual(20 * 1024);
        expect(JSON.parse(body)).toMatchObject({ data: { job: '1/2/3' } });
      },
    ),
    { numRuns: 15 },
  );
});
