import type { Principal } from '../access/principal.ts';
import type { ProjectRoles, Role } from '../access/roles.ts';
import { createLimitBook } from './limit-book.ts';
import { createMeter } from './meter.ts';
import { createRates } from './rates.ts';
import { NO_LIMITS, type SetLimits } from './service-limits.ts';

const DEFAULTS = { ...NO_LIMITS, requestsPerSecond: 3, burstSeconds: 1 };

/** Projects 1 and 2 belong to organisation 10, project 3 to organisation 30. */
function ratesWith(set: { project?: SetLimits; organisation?: SetLimits } = {}) {
  const organisationOf = (project: number) => (project < 3 ? 10 : 30);
  const book = createLimitBook(
    {
      async find(place) {
        return {
          organisation: 'project' in place ? organisationOf(place.project) : place.organisation,
          ofOrganisation: set.organisation ?? {},
          organisationBytes: 0,
          ofProject: 'project' in place ? (set.project ?? {}) : null,
          projectBytes: 0,
        };
      },
    },
    DEFAULTS,
  );
  return createRates(
    book,
    createMeter(null, () => 0),
  );
}

function caller(more: Partial<Principal> = {}): Principal {
  return {
    name: 'me',
    user: 1,
    shown: { key: 1 },
    staff: false,
    projects: new Map<number, ProjectRoles>(),
    organisations: new Map<number, Role>(),
    ...more,
  };
}

const member = (project: number): [number, ProjectRoles] => [project, { inherited: 'owner', own: null }];
const guest = (project: number): [number, ProjectRoles] => [project, { inherited: null, own: 'reader' }];
const ofOne = () =>
  caller({ organisations: new Map([[10, 'owner']]), projects: new Map([member(1), member(2)]) });

/** How many requests for a project pass of ten. */
async function passing(rates: ReturnType<typeof createRates>, who: Principal, project = 1): Promise<number> {
  let passed = 0;
  for (let i = 0; i < 10; i++) {
    try {
      await rates.arrive(who);
      await rates.enter(who, project);
      passed += 1;
    } catch (error) {
      expect(error).toMatchObject({ kind: 'exhausted', code: 'too_many_requests' });
    }
  }
  return passed;
}

it('counts all projects of an organisation together, and every caller of it', async () => {
  const rates = ratesWith();
  expect(await passing(rates, ofOne(), 1)).toBe(3);
  expect(await passing(rates, ofOne(), 2)).toBe(0);
  expect(await passing(rates, caller({ shown: { key: 2 }, user: null, projects: new Map([guest(1)]) }))).toBe(
    0,
  );
  expect(await passing(rates, caller({ projects: new Map([guest(3)]) }), 3)).toBe(3);
});

it('counts a project by itself where that is set', async () => {
  const rates = ratesWith({ project: { requestsPerSecond: 2 } });
  expect(await passing(rates, ofOne(), 1)).toBe(2);
  expect(await passing(ratesWith({ organisation: { requestsPerSecond: null } }), ofOne())).toBe(10);
});

it('counts who is at home in several places where it asks for something', async () => {
  const rates = ratesWith({ organisation: { requestsPerSecond: 2 } });
  const who = caller({ organisations: new Map([[10, 'owner']]), projects: new Map([member(1), guest(3)]) });
  let passed = 0;
  for (const project of [1, 3, 1, 3, 1, 3]) {
    passed += await rates.enter(who, project).then(
      () => 1,
      () => 0,
    );
  }
  expect(passed).toBe(4);
  // What it asks for nothing of is counted for itself.
  const arrived = await Promise.allSettled(Array.from({ length: 5 }, () => rates.arrive(who)));
  expect(arrived.filter(({ status }) => status === 'fulfilled')).toHaveLength(3);
});

it('counts a crawl for its project, and staff never', async () => {
  const rates = ratesWith();
  const crawl = caller({
    user: null,
    shown: null,
    job: { key: { project: 1, spider: 1, job: 1 }, isOver: false },
  });
  expect(await passing(rates, crawl)).toBe(3);
  expect(await passing(rates, caller({ staff: true, user: null }))).toBe(10);
});

it('keeps the words of the limit', async () => {
  const rates = ratesWith({ organisation: { requestsPerSecond: 1 } });
  await rates.arrive(ofOne());
  await expect(rates.arrive(ofOne())).rejects.toThrow(
    'Too many requests: organisation 10 may send 1 a second, try again in 1 s',
  );
});
