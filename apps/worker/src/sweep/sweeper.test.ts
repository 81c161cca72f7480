import { createLogger } from '@spiderhub/platform';
import { createSweeper, type Sweep } from './sweeper.ts';

const log = createLogger({ name: 'test', level: 'silent' });

it('goes on with the other sweeps when one fails, and comes back to it', async () => {
  const ran: string[] = [];
  let enough: () => void = () => {};
  const twice = new Promise<void>((resolve) => {
    enough = resolve;
  });
  const bad: Sweep = {
    name: 'bad',
    async run() {
      ran.push('bad');
      throw new Error('disk');
    },
  };
  const good: Sweep = {
    name: 'good',
    async run() {
      ran.push('good');
      if (ran.length >= 4) enough();
      return 1;
    },
  };
  const sweeper = createSweeper({ sweeps: [bad, good], firstMs: 1, everyMs: 1, log });
  await sweeper.start();
  await twice;
  await sweeper.stop(AbortSignal.timeout(5000));
  expect(ran.slice(0, 4)).toEqual(['bad', 'good', 'bad', 'good']);
});
