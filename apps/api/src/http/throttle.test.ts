import { createThrottle } from './throttle.ts';

describe('createThrottle', () => {
  let time = 0;
  const throttle = () => createThrottle({ limit: 3, loopbackLimit: 5, windowMs: 60_000, now: () => time });

  it('makes an address wait after its last allowed failure, until the window ends', () => {
    const made = throttle();
    for (let i = 0; i < 3; i++) made.failed('1.2.3.4');
    expect(made.waitSeconds('1.2.3.4')).toBe(60);
    expect(made.waitSeconds('1.2.3.5')).toBe(0);
    time += 59_500;
    expect(made.waitSeconds('1.2.3.4')).toBe(1);
    time += 500;
    expect(made.waitSeconds('1.2.3.4')).toBe(0);
  });

  it.each(['127.0.0.1', '::1', '::ffff:127.0.0.1'])('gives this machine (%s) more tries', (address) => {
    const made = throttle();
    for (let i = 0; i < 4; i++) made.failed(address);
    expect(made.waitSeconds(address)).toBe(0);
    made.failed(address);
    expect(made.waitSeconds(address)).toBeGreaterThan(0);
  });

  it('forgets everybody rather than grow without end', () => {
    const made = throttle();
    for (let i = 0; i < 3; i++) made.failed('1.2.3.4');
    for (let i = 0; i < 10_000; i++) made.failed(`10.0.${i >> 8}.${i & 255}`);
    expect(made.waitSeconds('1.2.3.4')).toBe(0);
  });
});
