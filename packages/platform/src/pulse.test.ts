import { createPulse } from './pulse.ts';

const NEVER_MS = 1_000_000;

describe('a pulse', () => {
  it('ends the wait at a beat', async () => {
    const pulse = createPulse();
    const waiting = pulse.wait(NEVER_MS);
    pulse.beat();
    await waiting;
  });

  it('keeps one beat that came too early, not two', async () => {
    const pulse = createPulse();
    pulse.beat();
    pulse.beat();
    await pulse.wait(NEVER_MS);
    let ended = false;
    const second = pulse.wait(NEVER_MS).then(() => {
      ended = true;
    });
    await new Promise((resolve) => setImmediate(resolve));
    expect(ended).toBe(false);
    pulse.beat();
    await second;
  });

  it('ends when it is aborted, before or meanwhile', async () => {
    const pulse = createPulse();
    await pulse.wait(NEVER_MS, AbortSignal.abort());
    const meanwhile = new AbortController();
    const waiting = pulse.wait(NEVER_MS, meanwhile.signal);
    meanwhile.abort();
    await waiting;
  });
});
