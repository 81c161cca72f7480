import type { JobDetails } from '../jobs/job.ts';
import type { JobTokens } from '../ports/job-tokens.ts';
import type { JobView } from '../ports/job-view.ts';
import { createJobAccess } from './job-access.ts';

const KEY = { project: 1, spider: 2, job: 3 };
const tokens: JobTokens = {
  sign: () => 'good',
  verify: (key, token) => token === 'good' && key.job === 3,
};

let job: Partial<JobDetails> | null;
let now: number;
const find = jest.fn(async () => job as JobDetails | null);
const access = () => createJobAccess(tokens, { find } as unknown as JobView, () => now);

beforeEach(() => {
  job = { key: KEY, state: 'running' };
  now = 1_000_000;
  find.mockClear();
});

describe('a job token', () => {
  it('is good for its job while it runs', async () => {
    expect(await access().authenticate('1/2/3', 'good')).toMatchObject({
      projects: new Map([[1, { inherited: null, own: null }]]),
      staff: false,
      job: { key: KEY, isOver: false },
    });
  });

  it.each([
    ['another job', '1/2/4', 'good'],
    ['another password', '1/2/3', 'bad'],
    ['a user name that is no key', 'someone', 'good'],
  ])('is refused for %s, without asking the database', async (_what, user, token) => {
    expect(await access().authenticate(user, token)).toBeNull();
    expect(find).not.toHaveBeenCalled();
  });

  it.each(['pending', 'deleted'] as const)('is refused when the job is %s', async (state) => {
    job = { key: KEY, state };
    expect(await access().authenticate('1/2/3', 'good')).toBeNull();
  });

  it('is refused when there is no such job', async () => {
    job = null;
    expect(await access().authenticate('1/2/3', 'good')).toBeNull();
  });

  it('lets late data in for ten minutes after the end', async () => {
    job = { key: KEY, state: 'finished', finishedAt: new Date(now) };
    now += 600_000;
    expect(await access().authenticate('1/2/3', 'good')).toMatchObject({ job: { isOver: true } });
    now += 1;
    expect(await access().authenticate('1/2/3', 'good')).toBeNull();
  });

  it('ends with its job, however lately it was good', async () => {
    const one = access();
    expect(await one.authenticate('1/2/3', 'good')).toMatchObject({ job: { isOver: false } });
    job = { key: KEY, state: 'finished', finishedAt: new Date(now) };
    expect(await one.authenticate('1/2/3', 'good')).toMatchObject({ job: { isOver: true } });
    job = { key: KEY, state: 'deleted' };
    expect(await one.authenticate('1/2/3', 'good')).toBeNull();
  });
});
