import type { Principal } from '@spiderhub/core';
import { createDoorkeeper, type Way } from './doorkeeper.ts';
import { createThrottle } from './throttle.ts';

const WHO: Principal = {
  name: 'm',
  user: 1,
  shown: null,
  projects: new Map(),
  staff: false,
  organisations: new Map(),
};
const HOME = '1.2.3.4';

class Wait extends Error {}

function setUp() {
  const good = new Set<string>();
  const verified: string[] = [];
  const doorkeeper = createDoorkeeper(createThrottle({ limit: 3, loopbackLimit: 3 }));
  function way(proof: string, whileWaiting: Way['whileWaiting']): Way {
    return {
      proof,
      whileWaiting,
      async verify() {
        verified.push(proof);
        return good.has(proof) ? WHO : null;
      },
    };
  }
  const check = (ways: Way[], address = HOME) =>
    doorkeeper.check(address, ways, (seconds) => new Wait(`${seconds}`));
  async function guess(): Promise<void> {
    for (let i = 0; i < 3; i++) expect(await check([way(`guess ${i}`, 'not')])).toBeNull();
    verified.length = 0;
  }
  return { good, verified, way, check, guess };
}

it.each(['freely', 'in turn'] as const)(
  'lets good credentials in that may be verified %s, after any number of wrong ones',
  async (whileWaiting) => {
    const { good, way, check, guess } = setUp();
    await guess();
    await expect(check([way('wrong', whileWaiting)])).rejects.toThrow(Wait);
    good.add('right');
    expect(await check([way('right', whileWaiting)])).toBe(WHO);
  },
);

it('does not even look at what could be guessed', async () => {
  const { good, verified, way, check, guess } = setUp();
  await guess();
  good.add('right');
  await expect(check([way('right', 'not')])).rejects.toThrow(Wait);
  expect(verified).toEqual([]);
  expect(await check([way('right', 'not')], '5.6.7.8')).toBe(WHO);
});

it('looks first at the way that worked before', async () => {
  const { good, verified, way, check } = setUp();
  good.add('password');
  const ways = () => [way('key', 'in turn'), way('password', 'not')];
  expect(await check(ways())).toBe(WHO);
  expect(await check(ways())).toBe(WHO);
  expect(verified).toEqual(['key', 'password', 'password']);
});

it('lets in what has worked before, until it is wrong once', async () => {
  const { good, verified, way, check, guess } = setUp();
  good.add('right');
  expect(await check([way('right', 'not')])).toBe(WHO);
  await guess();
  expect(await check([way('right', 'not')])).toBe(WHO);
  good.delete('right');
  await expect(check([way('right', 'not')])).rejects.toThrow(Wait);
  verified.length = 0;
  await expect(check([way('right', 'not')])).rejects.toThrow(Wait);
  expect(verified).toEqual([]);
});

it('takes the first way that is good', async () => {
  const { good, verified, way, check } = setUp();
  good.add('password');
  expect(await check([way('key', 'in turn'), way('password', 'not')])).toBe(WHO);
  expect(verified).toEqual(['key', 'password']);
});

it('looks one up at a time, and does not let the line grow without end', async () => {
  const { way, check, guess } = setUp();
  await guess();
  let running = 0;
  let most = 0;
  let looks = 0;
  const slow: Way = {
    ...way('slow', 'in turn'),
    async verify() {
      running += 1;
      looks += 1;
      most = Math.max(most, running);
      await new Promise(setImmediate);
      running -= 1;
      return null;
    },
  };
  const answers = await Promise.allSettled(Array.from({ length: 150 }, () => check([slow])));
  expect(answers.map(({ status }) => status)).toEqual(Array(150).fill('rejected'));
  expect([most, looks]).toEqual([1, 100]);
});

it('goes on after a look-up that failed', async () => {
  const { good, way, check, guess } = setUp();
  await guess();
  const away = { ...way('x', 'in turn'), verify: () => Promise.reject(new Error('the database is away')) };
  await expect(check([away])).rejects.toThrow('the database is away');
  good.add('right');
  expect(await check([way('right', 'in turn')])).toBe(WHO);
});
