import { fairLine } from './fair-line.ts';

const refuse = () => new Error('too many');
const settled = () => new Promise<void>((resolve) => setImmediate(resolve));

function stage(places: number, placesOfOne: number, mostWaiting = 100) {
  const line = fairLine({ places, placesOfOne, mostWaiting, refuse });
  const began: string[] = [];
  const ends = new Map<string, () => void>();
  function come(tenant: string, name: string): Promise<void> {
    return line.run(tenant, async () => {
      began.push(name);
      await new Promise<void>((resolve) => ends.set(name, resolve));
    });
  }
  return { line, began, come, end: (name: string) => ends.get(name)?.() };
}

it('gives one tenant only some of the places, and others theirs at once', async () => {
  const { began, come, end } = stage(4, 2);
  const all = [1, 2, 3, 4, 5].map((n) => come('a', `a${n}`));
  await settled();
  expect(began).toEqual(['a1', 'a2']);
  all.push(come('b', 'b1'));
  await settled();
  expect(began).toEqual(['a1', 'a2', 'b1']);
  for (const name of ['a1', 'a2', 'b1', 'a3', 'a4', 'a5']) {
    end(name);
    await settled();
  }
  await Promise.all(all);
  expect(began).toEqual(['a1', 'a2', 'b1', 'a3', 'a4', 'a5']);
});

it('goes round the tenants that wait, however many of one do', async () => {
  const { began, come, end } = stage(1, 1);
  for (const name of ['a1', 'a2', 'a3']) void come('a', name);
  for (const name of ['b1', 'b2']) void come('b', name);
  void come('c', 'c1');
  await settled();
  for (const name of ['a1', 'a2', 'b1', 'c1', 'a3', 'b2']) {
    expect(began.at(-1)).toBe(name);
    end(name);
    await settled();
  }
});

it('refuses what would wait behind too many, of that tenant alone', async () => {
  const { come, end } = stage(1, 1, 1);
  const first = come('a', 'a1');
  const second = come('a', 'a2');
  await expect(come('a', 'a3')).rejects.toThrow('too many');
  void come('b', 'b1');
  await settled();
  for (const name of ['a1', 'b1', 'a2']) {
    end(name);
    await settled();
  }
  await Promise.all([first, second]);
});

it('gets a place back from work that fails, and counts a place once that is given back twice', async () => {
  const { line } = stage(1, 1);
  await expect(line.run('a', () => Promise.reject(new Error('broken')))).rejects.toThrow('broken');
  const leave = await line.enter('a');
  leave();
  leave();
  const again = await line.enter('a');
  let entered = false;
  void line.enter('b').then(() => {
    entered = true;
  });
  await settled();
  expect(entered).toBe(false);
  again();
  await settled();
  expect(entered).toBe(true);
});
