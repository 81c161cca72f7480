import { limitErrors, type Principal, type Refusal } from '@spiderhub/core';
import type { Request } from 'express';
import { HttpProblem } from './http-problem.ts';
import { noteRefused } from './refused.ts';

const WHO: Principal = {
  name: 'ann',
  user: 7,
  shown: { key: 9 },
  staff: false,
  projects: new Map(),
  organisations: new Map(),
};

function noted(error: unknown, user: Principal | undefined = WHO): Refusal | undefined {
  const refusals: Refusal[] = [];
  const req = { method: 'GET', baseUrl: '/api', path: '/x', ip: '10.0.0.1', headers: {}, user };
  noteRefused({ note: (refusal) => refusals.push(refusal) }, req as unknown as Request, error);
  return refusals[0];
}

it('tells of too many requests in the log of whom they are counted for, in the same words each time', () => {
  const line = noted(limitErrors.tooFast({ organisation: 3 }, 100, 2));
  expect(line).toMatchObject({
    actor: { kind: 'key', name: 'ann', key: 9, address: '10.0.0.1' },
    action: 'requests',
    place: { organisation: 3 },
    object: '',
  });
  expect(noted(limitErrors.tooFast({ organisation: 3 }, 100, 5))).toEqual(line);
  expect(noted(limitErrors.tooFast({ project: 4 }, 100, 5))?.place).toEqual({ project: 4 });
  expect(noted(limitErrors.tooFast({ caller: 'ann' }, 100, 5))?.place).toEqual({ user: 7 });
});

it('says nothing of other errors, which somebody else tells or nobody needs', () => {
  expect(noted(new Error('a bug'))).toBeUndefined();
  expect(noted(new HttpProblem(404, 'Nothing is served under this path'))).toBeUndefined();
  expect(noted(limitErrors.reached('webhooks', { project: 1 }, 5))).toBeUndefined();
});
