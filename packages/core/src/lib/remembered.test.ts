import { remembered } from './remembered.ts';

function setUp(most = 100) {
  const stored = new Map([['a', 1]]);
  const asked: string[] = [];
  let time = 0;
  const answers = remembered(
    async (key: string) => {
      asked.push(key);
      return stored.get(key) ?? null;
    },
    { trustMs: 1000, most, now: () => time },
  );
  return {
    answers,
    stored,
    asked,
    pass(ms: number) {
      time += ms;
    },
  };
}

describe('a remembered answer', () => {
  it('is trusted for its time and looked up again behind it', async () => {
    const { answers, stored, asked, pass } = setUp();
    expect(await answers.get('a')).toBe(1);
    stored.set('a', 2);
    pass(999);
    expect(await answers.get('a')).toBe(1);
    pass(1);
    expect(await answers.get('a')).toBe(2);
    expect(asked).toEqual(['a', 'a']);
  });

  it('is shared by those who ask while it is looked up', async () => {
    const { answers, asked } = setUp();
    await Promise.all([answers.get('a'), answers.get('a')]);
    expect(asked).toEqual(['a']);
  });

  it('is none when there was nothing, or a failure', async () => {
    const { answers, stored } = setUp();
    expect(await answers.get('b')).toBeNull();
    stored.set('b', 3);
    expect(await answers.get('b')).toBe(3);
    let fails = true;
    const shaky = remembered(
      async () => {
        if (fails) throw new Error('away');
        return 1;
      },
      { trustMs: 1000, most: 10 },
    );
    await expect(shaky.get('x')).rejects.toThrow('away');
    fails = false;
    expect(await shaky.get('x')).toBe(1);
  });

  it('makes room for others only when it is the one that was not asked for longest', async () => {
    const { answers, stored, asked } = setUp(3);
    for (const key of ['a', 'b', 'c', 'd']) stored.set(key, 1);
    for (const key of ['a', 'b', 'c', 'a', 'd']) await answers.get(key);
    asked.length = 0;
    for (const key of ['a', 'c', 'd']) await answers.get(key);
    expect(asked).toEqual([]);
    await answers.get('b');
    expect(asked).toEqual(['b']);
  });
});
