import { type IsolationReport, weakestOf } from './level.ts';

it('of several processes the weakest counts, and all that is missing is said once', () => {
  const disk = { part: 'disk', words: 'files are measured' } as const;
  const open = { part: 'network', words: 'crawls reach everything' } as const;
  const api: IsolationReport = { level: 'box', missing: [disk] };
  const guarded: IsolationReport = { level: 'box', network: 'rules', missing: [disk] };
  expect(weakestOf([api])).toEqual(api);
  expect(weakestOf([api, guarded])).toEqual(guarded);
  expect(weakestOf([api, guarded, { level: 'uid', network: 'open', missing: [open] }])).toEqual({
    level: 'uid',
    network: 'open',
    missing: [disk, open],
  });
});
