import { ACTOR } from '../testing/samples.ts';
import { addressWithoutSecrets, type Refusal, withoutSecrets } from './audit.ts';
import { createRefusals } from './refusals.ts';

const WINDOW_MS = 60_000;

type Written = { actor: { name: string }; why: string; place: unknown; times: number };

function setUp(failures = 0) {
  let failing = failures;
  let clock = 1_000_000;
  const batches: Written[][] = [];
  const errors: unknown[] = [];
  const store = {
    async saveRefusals(refusals: readonly unknown[]) {
      if (failing-- > 0) throw new Error('away');
      batches.push(refusals as Written[]);
    },
  };
  const refusals = createRefusals(
    store,
    (error) => errors.push(error),
    () => clock,
  );
  const note = (more: Partial<Refusal> = {}) =>
    refusals.note({
      actor: ACTOR,
      action: 'jobs.read',
      place: { project: 1 },
      object: 'project 1',
      why: 'no',
      ...more,
    });
  return { refusals, note, batches, errors, pass: (ms: number) => (clock += ms) };
}

it('writes the same refusal once, with how often it was', async () => {
  const { refusals, note, batches } = setUp();
  for (let n = 0; n < 1000; n += 1) note();
  note({ why: 'another' });
  await refusals.flush();
  expect(batches.flat().map(({ why, times }) => [why, times])).toEqual([
    ['no', 1000],
    ['another', 1],
  ]);
  await refusals.flush();
  expect(batches).toHaveLength(1);
});

it('counts on after it has written, and begins anew after a minute', async () => {
  const { refusals, note, batches, pass } = setUp();
  note();
  await refusals.flush();
  note();
  note();
  pass(WINDOW_MS);
  note();
  await refusals.flush();
  expect(batches.map((batch) => batch.map(({ times }) => times))).toEqual([[1], [2], [1]]);
});

it('one place fills twenty lines, and what is more stands in one', async () => {
  const { refusals, note, batches } = setUp();
  for (let n = 0; n < 100; n += 1) note({ object: `project ${n}` });
  note({ place: { project: 2 } });
  await refusals.flush();
  const lines = batches.flat();
  expect(lines).toHaveLength(22);
  expect(lines.find(({ actor }) => actor.name === 'several')).toMatchObject({
    times: 80,
    place: { project: 1 },
  });
  expect(lines.reduce((sum, { times }) => sum + times, 0)).toBe(101);
});

it('all places together fill so many lines, and no refusal is lost', async () => {
  const { refusals, note, batches } = setUp();
  expect(refusals.hasRoom()).toBe(true);
  for (let n = 0; n < 1000; n += 1) note({ place: { project: n }, object: `project ${n}` });
  expect(refusals.hasRoom()).toBe(false);
  await refusals.flush();
  const lines = batches.flat();
  expect(lines.length).toBeLessThanOrEqual(300 + 20 + 1);
  expect(lines.reduce((sum, { times }) => sum + times, 0)).toBe(1000);
  expect(lines.at(-1)).toMatchObject({ place: null });
});

it('nobody fails when they cannot be written, and they are written when that goes again', async () => {
  const { refusals, note, errors, batches } = setUp(2);
  note();
  await refusals.flush();
  note({ why: 'another' });
  await refusals.flush();
  expect(errors).toEqual([new Error('away'), new Error('away')]);
  expect(batches).toEqual([]);
  await refusals.flush();
  expect(batches.flat().map(({ why }) => why)).toEqual(['no', 'another']);
});

it.each<[string, string]>([
  ['https://hooks.example.com/services/T0/B0/secret', 'https://hooks.example.com/…'],
  ['https://hooks.example.com/', 'https://hooks.example.com'],
  ['https://hooks.example.com:8443/?token=x', 'https://hooks.example.com:8443/…'],
  ['https://me:pw@hooks.example.com/', 'https://hooks.example.com'],
])('of %s is shown %s', (url, shown) => {
  expect(addressWithoutSecrets(url)).toBe(shown);
});

it('shows no value that is called a secret or holds one, and the beginning of a long one', () => {
  const shown = withoutSecrets([
    ['DB_PASSWORD', 'x'],
    ['PROXY', 'http://me:pw@proxy:8080/'],
    ['DELAY', '5'],
    ['LONG', 'x'.repeat(600)],
    ['URL', 'http://proxy/a@b'],
  ]);
  expect(shown).toEqual({
    DB_PASSWORD: '****',
    PROXY: '****',
    DELAY: '5',
    LONG: `${'x'.repeat(500)}…`,
    URL: 'http://proxy/a@b',
  });
});
