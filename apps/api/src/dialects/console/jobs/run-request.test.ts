import { toScheduleRequest } from './run-request.ts';

const ORIGIN = { project: 1, scheduledBy: 'eve', requestId: 'r', idempotencyKey: null };
type Body = Parameters<typeof toScheduleRequest>[0];
const read = (body: Partial<Body>) => toScheduleRequest({ spider: 'books', ...body } as Body, ORIGIN);
const named = (name: string, value: string) => [{ name, value }];

it('asks for a job with what was said, and else as jobs are', () => {
  expect(read({})).toMatchObject({
    ...ORIGIN,
    spider: 'books',
    args: {},
    tags: [],
    priority: 2,
    units: 1,
    command: null,
    version: null,
    state: 'pending',
    external: false,
  });
});

it('the same run has the same name, and a parallel one has none', () => {
  const key = (body: Partial<Body>) => read(body).uniqueKey;
  expect(key({})).toBe(key({ tags: ['x'], priority: 4 }));
  expect(key({})).not.toBe(key({ args: named('a', '1') }));
  expect(key({ args: named('a', '1') })).toBe(key({ args: named('a', '1') }));
  expect(key({ command: ['a', 'b'] })).not.toBe(key({ command: ['a'] }));
  expect(key({ parallel: true } as Partial<Body>)).toBeNull();
});

it('names of arguments mean nothing but themselves', () => {
  const args = ['constructor', '__proto__', 'a'].map((name) => ({ name, value: name }));
  expect(Object.entries(read({ args }).args)).toEqual(args.map(({ name, value }) => [name, value]));
});

it.each<[Partial<Body>, string]>([
  [{ args: named('-a', 'x') }, 'args.-a: is no name'],
  [{ args: named('a', '\0') }, 'args.a: NUL'],
  [{ args: [...named('a', '1'), ...named('a', '2')] }, 'args.a: is given more than once'],
  [
    { args: [...named('__proto__', '1'), ...named('__proto__', '2')] },
    'args.__proto__: is given more than once',
  ],
  [{ settings: named('A', 'text') }, 'settings.A: the value is not JSON'],
  [{ settings: named('A', '1 2') }, 'settings.A: the value is not JSON'],
  [{ settings: [...named('A', '1'), ...named('A', '1')] }, 'settings.A: is given more than once'],
  [{ environment: named('a b', 'x') }, 'environment.a b: '],
  [{ environment: named('A', '\0') }, 'environment.A: NUL'],
  [{ tags: ['\ud800'] }, 'tags: unpaired'],
  [{ spider: '\0' }, 'spider: NUL'],
  [{ command: ['a', '\0'] }, 'command: NUL'],
  [{ version: '\0' }, 'version: NUL'],
])('refuses %j by the field that it is', (body, why) => {
  expect(() => read(body)).toThrow(why);
});

it('settings stay JSON as they were written', () => {
  const settings = [...named('A', 'NaN'), ...named('B', '1152921504606846977'), ...named('C', '"\\ud800"')];
  expect(read({ settings }).settings).toEqual({ A: 'NaN', B: '1152921504606846977', C: '"\\ud800"' });
});
