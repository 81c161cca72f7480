import { z } from 'zod';
import { type Contract, contract } from './contract.ts';
import { CONTRACTS } from './contracts.ts';
import { None, OfJob, queryNumber } from './fields.ts';
import { openApiOf } from './openapi.ts';

const BASE = {
  id: 'x',
  method: 'get',
  path: '/x',
  summary: 's',
  params: None,
  query: None,
  body: null,
  errors: [],
} as const;
const some = (more: Partial<Contract>) => contract({ ...BASE, reply: z.strictObject({}), ...more });

// What a document holds is looked at as it is sent.
// biome-ignore lint/suspicious/noExplicitAny: any JSON
const documentOf = (...contracts: Contract[]): any => JSON.parse(JSON.stringify(openApiOf(contracts, '1.0')));
const only = (more: Partial<Contract>) => documentOf(some(more)).paths['/x'].get;

it('puts a schema that has a name in one place, and points to it from everywhere', () => {
  const Inner = z.strictObject({ n: z.int() }).meta({ id: 'Inner' });
  const Outer = z.strictObject({ one: Inner, more: z.array(Inner) }).meta({ id: 'Outer' });
  const document = documentOf(some({ reply: Outer }), some({ id: 'y', path: '/y', reply: Inner }));
  expect(Object.keys(document.components.schemas).sort()).toEqual(['Inner', 'Outer']);
  const pointer = { $ref: '#/components/schemas/Inner' };
  expect(document.components.schemas.Outer.properties).toEqual({
    one: pointer,
    more: { type: 'array', items: pointer },
  });
  expect(document.paths['/y'].get.responses['200'].content['application/json'].schema).toEqual(pointer);
  expect(JSON.stringify(document)).not.toContain('$defs');
});

it('refuses two schemas of one name, and takes the same one twice', () => {
  const one = z.strictObject({ a: z.int() }).meta({ id: 'Same' });
  const other = z.strictObject({ b: z.string() }).meta({ id: 'Same' });
  const y = { id: 'y', path: '/y' };
  expect(() => documentOf(some({ reply: one }), some({ ...y, reply: other }))).toThrow(
    'two schemas are called Same',
  );
  expect(() => documentOf(some({ reply: one }), some({ ...y, reply: one }))).not.toThrow();
});

it('refuses a schema that contains itself and has no name', () => {
  interface Tree {
    children: Tree[];
  }
  const Tree: z.ZodType<Tree> = z.lazy(() => z.strictObject({ children: z.array(Tree) }));
  expect(() => only({ reply: z.strictObject({ tree: Tree }) })).toThrow(
    'a schema that contains itself needs a name',
  );
});

it('asks nothing of what may be any JSON', () => {
  const { properties } = only({ reply: z.strictObject({ value: z.json() }) }).responses['200'].content[
    'application/json'
  ].schema;
  expect(properties.value).toEqual({});
});

it('gives numbers of paths and queries as whole numbers with their ends', () => {
  const query = z.strictObject({ limit: queryNumber(1, 200).optional(), back: z.enum(['true', 'false']) });
  const { parameters } = only({ params: OfJob, query });
  expect(
    parameters.map(({ name, in: place, required }: Record<string, unknown>) => [name, place, required]),
  ).toEqual([
    ['project', 'path', true],
    ['spider', 'path', true],
    ['job', 'path', true],
    ['limit', 'query', false],
    ['back', 'query', true],
  ]);
  expect(parameters[0].schema).toEqual({ type: 'integer', minimum: 1, maximum: 999_999_999 });
  expect(parameters[3].schema).toEqual({ type: 'integer', minimum: 1, maximum: 200 });
});

it('says which answers are files, go elsewhere, or need nobody signed in', () => {
  const file = only({ sends: ['text/csv', 'application/gzip'] });
  expect(file.responses['200'].content).toEqual({ 'text/csv': {}, 'application/gzip': {} });
  const elsewhere = only({ redirects: true });
  expect(Object.keys(elsewhere.responses)).toEqual(['302']);
  expect([only({ isOpen: true }).security, only({}).security]).toEqual([[], undefined]);
  expect(only({ media: 'text/event-stream' }).responses['200'].content).toHaveProperty(['text/event-stream']);
});

it('describes every error by the one schema that all have', () => {
  const { responses } = only({ errors: [404, 429] });
  expect(Object.keys(responses)).toEqual(['200', '404', '429']);
  for (const status of ['404', '429']) {
    expect(responses[status].content['application/json'].schema).toEqual({
      $ref: '#/components/schemas/Error',
    });
    expect(responses[status].description).toMatch(/^\S/);
  }
});

it('takes bodies by what goes in and answers by what comes out', () => {
  const Moment = z.strictObject({ n: z.string().transform(Number).pipe(z.int()), d: z.int().default(3) });
  const document = documentOf(
    some({ method: 'post', body: Moment, reply: z.strictObject({ d: z.int().default(3) }) }),
  );
  const { requestBody, responses } = document.paths['/x'].post;
  expect(requestBody.content['application/json'].schema).toMatchObject({
    properties: { n: { type: 'string' } },
    required: ['n'],
  });
  expect(responses['200'].content['application/json'].schema.required).toEqual(['d']);
});

it('keeps operations of one path together', () => {
  const document = documentOf(some({}), some({ id: 'y', method: 'delete' }));
  expect(Object.keys(document.paths['/x'])).toEqual(['get', 'delete']);
});

it('has, of all that is served, a parameter for each part of a path and no pattern beside a format', () => {
  const document = documentOf(...CONTRACTS);
  for (const [path, operations] of Object.entries<
    Record<string, { parameters: { name: string; in: string }[] }>
  >(document.paths))
    for (const { parameters } of Object.values(operations)) {
      const named = parameters.filter((one) => one.in === 'path').map(({ name }) => `{${name}}`);
      expect(path.match(/\{\w+\}/g) ?? []).toEqual(named);
    }
  const visit = (value: unknown): void => {
    if (typeof value !== 'object' || value === null) return;
    const { format, pattern, wholeNumber } = value as Record<string, unknown>;
    if (format === 'date-time' || format === 'email') expect(pattern).toBeUndefined();
    expect(wholeNumber).toBeUndefined();
    for (const part of Object.values(value)) visit(part);
  };
  visit(document);
});
