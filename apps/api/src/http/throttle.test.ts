import { createThrottle } from './throttle.ts';

describe('createThrottle', () => {
  let time = 0;
  const throttle = () => createThrottle({ limit: 3, loopbackLimit: 5, windowMs: 60_000, now: () => time });

  it('makes an address wait after its last allowed failure, until the window ends', async () => {
    const made = throttle();
    for (let i = 0; i < 3; i++) await made.failed('1.2.3.4');
    expect(await made.waitSeconds('1.2.3.4')).toBe(60);
    expect(await made.waitSeconds('1.2.3.5')).toBe(0);
    time += 59_500;
    expect(await made.waitSeconds('1.2.3.4')).toBe(1);
    time += 500;
    expect(await made.waitSeconds('1.2.3.4')).toBe(0);
  });

  it.each(['127.0.0.1', '::1', '::ffff:127.0.0.1'])('gives this machine (%s) more tries', async (address) => {
    const made = throttle();
    for (let i = 0; i < 4; i++) await made.failed(address);
    expect(await made.waitSeconds(address)).toBe(0);
    await made.failed(address);
    expect(await made.waitSeconds(address)).toBeGreaterThan(0);
  });

  it('forgets who failed longest ago rather than grow without end', async () => {
    const made = throttle();
    for (let i = 0; i < 3; i++) await made.failed('1.2.3.4');
    for (let i = 0; i < 10_000; i++) await made.failed(`10.0.${i >> 8}.${i & 255}`);
    expect(await made.waitSeconds('1.2.3.4')).toBe(0);
  });
});

describe('two processes', () => {
  let time = 0;
  let isAway = false;
  const counted = new Map<string, number>();
  const count = (name: string, more: number) => {
    if (isAway) return Promise.reject(new Error('away'));
    counted.set(name, (counted.get(name) ?? 0) + more);
    return Promise.resolve({ failures: counted.get(name) ?? 0, endsInMs: 60_000 - time });
  };
  const shared = { add: (name: string) => count(name, 1), get: (name: string) => count(name, 0) };
  const throttle = () => createThrottle({ limit: 3, loopbackLimit: 3, shared, now: () => time });

  beforeEach(() => {
    time = 0;
    isAway = false;
    counted.clear();
  });

  it('count together, and know of what only the other has seen', async () => {
    const [one, other] = [throttle(), throttle()];
    for (let i = 0; i < 3; i++) await one.failed('1.2.3.4');
    time = 20_000;
    expect(await other.waitSeconds('1.2.3.4')).toBe(40);
    expect(await other.waitSeconds('1.2.3.5')).toBe(0);
  });

  it('count each for itself while the place where they count is away, and forget nothing for it', async () => {
    const [one, other] = [throttle(), throttle()];
    await one.failed('1.2.3.4');
    isAway = true;
    for (let i = 0; i < 2; i++) await one.failed('1.2.3.4');
    expect(await one.waitSeconds('1.2.3.4')).toBe(60);
    expect(await other.waitSeconds('1.2.3.4')).toBe(0);
    isAway = false;
    expect(await one.waitSeconds('1.2.3.4')).toBe(60);
  });
});
