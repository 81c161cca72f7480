import type { AllowedNetwork, Destination } from '@spiderhub/core';
import { eventually } from '@spiderhub/testkit';
import { watchPolicy } from './policy.ts';

const place = (port: number): Destination => ({ network: '10.0.0.1/32', firstPort: port, lastPort: port });

it('tells of changes once, and keeps what held while the database is away', async () => {
  let answer: () => Promise<AllowedNetwork[]> = async () => [{ project: 7, destinations: [place(80)] }];
  let resolvers = ['10.0.0.53'];
  const errors: unknown[] = [];
  const told: number[] = [];
  const watch = watchPolicy({
    allowed: () => answer(),
    common: async () => ({ everyone: [], resolvers }),
    everyMs: 5,
    onError: (error) => errors.push(error),
  });
  watch.onChange((policy) => told.push(policy.projects.get(7)?.length ?? 0));
  try {
    expect(watch.now().projects.size).toBe(0);
    await watch.look();
    expect(watch.now()).toMatchObject({ resolvers: ['10.0.0.53'] });
    answer = () => Promise.reject(new Error('away'));
    resolvers = ['10.0.0.54'];
    await eventually(() => expect(watch.now().resolvers).toEqual(['10.0.0.54']));
    expect(watch.now().projects.get(7)).toEqual([place(80)]);
    answer = async () => [{ project: 7, destinations: [place(80), place(81)] }];
    await eventually(() => expect(told).toEqual([1, 1, 2]));
    expect(errors.length).toBeGreaterThan(0);
  } finally {
    watch.close();
  }
});
