import type { KeyUse } from '../ports/key-store.ts';
import { createKeyUses } from './key-uses.ts';

const FROM = { address: '10.0.0.1', client: 'curl/8' };

function setUp(saveUses?: () => Promise<void>) {
  let clock = 1_000_000;
  const saved: (readonly KeyUse[])[] = [];
  const failures: unknown[] = [];
  const store = { saveUses: saveUses ?? (async (uses: readonly KeyUse[]) => void saved.push(uses)) };
  const uses = createKeyUses(
    store,
    (error) => failures.push(error),
    () => clock,
  );
  return { uses, saved, failures, pass: (ms: number) => (clock += ms) };
}

it('write a key once a minute, and several together', async () => {
  const { uses, saved, pass } = setUp();
  for (let i = 0; i < 100; i += 1) uses.note(1, FROM);
  uses.note(2, { ...FROM, client: 'x'.repeat(1000) });
  await uses.flush();
  await uses.flush();
  expect(saved).toEqual([
    [
      { key: 1, at: new Date(1_000_000), ...FROM },
      { key: 2, at: new Date(1_000_000), address: '10.0.0.1', client: 'x'.repeat(200) },
    ],
  ]);
  pass(59_000);
  uses.note(1, FROM);
  pass(2000);
  uses.note(1, { address: '10.0.0.2', client: null });
  await uses.flush();
  expect(saved.at(-1)).toEqual([{ key: 1, at: new Date(1_061_000), address: '10.0.0.2', client: null }]);
});

it('are forgotten, and nobody fails, when they cannot be written', async () => {
  const { uses, failures } = setUp(() => Promise.reject(new Error('away')));
  uses.note(1, FROM);
  await uses.flush();
  expect(failures).toEqual([new Error('away')]);
});
