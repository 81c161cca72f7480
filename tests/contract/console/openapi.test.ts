import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CONTRACTS } from '@spiderhub/wire';
import { z } from 'zod';
import { consoleDialect } from '../../../apps/api/src/dialects/console/dialect.ts';
import type { Parts } from '../../../apps/api/src/parts.ts';
import { type ApiUnderTest, startApi } from '../../integration/api/support.ts';
import { Browser } from './client.ts';

let api: ApiUnderTest;
beforeAll(async () => {
  api = await startApi();
});
afterAll(() => api.close());

const nameOf = ({ method, path }: { method: string; path: string }) => `${method} ${path}`;

it('every operation that is served has a contract, and every contract is served', () => {
  const served = consoleDialect.operations({} as Parts).map(({ spec }) => nameOf(spec));
  expect([...served].sort()).toEqual(CONTRACTS.map(nameOf).sort());
});

it.each(CONTRACTS.map((contract) => [nameOf(contract), contract] as const))(
  '%s says params, query, body, reply and errors',
  (_name, { method, params, query, body, reply, errors, id, summary, redirects, takes }) => {
    for (const schema of [params, query, reply]) expect(schema).toBeInstanceOf(z.ZodType);
    if (method === 'get' || method === 'delete' || takes) expect(body).toBeNull();
    else expect(body).toBeInstanceOf(z.ZodObject);
    expect(errors).toEqual(expect.arrayContaining([400, 401, 429, 503]));
    expect(`${id} ${summary}`).toMatch(/^\w+ \S/);
    // What nobody asks for is refused, not passed over.
    const asked = redirects ? [params] : [params, query, ...(body ? [body] : [])];
    for (const schema of asked) {
      expect(schema.safeParse({ neverHeardOf: '1' }).error?.issues).toEqual(
        expect.arrayContaining([expect.objectContaining({ code: 'unrecognized_keys' })]),
      );
    }
  },
);

it('its names of operations are unique', () => {
  expect(new Set(CONTRACTS.map(({ id }) => id)).size).toBe(CONTRACTS.length);
});

it('the document that is served is valid OpenAPI 3.1, and knows every parameter of every path', async () => {
  const { body: document } = await new Browser(api).get('/openapi.json');
  expect(document.openapi).toBe('3.1.0');
  const folder = mkdtempSync(join(tmpdir(), 'openapi-'));
  try {
    const file = join(folder, 'openapi.json');
    writeFileSync(file, JSON.stringify(document));
    const answer = execFileSync(process.execPath, [join(__dirname, 'validate.mjs'), file]);
    expect(String(answer)).toBe('valid\n');
  } finally {
    rmSync(folder, { recursive: true });
  }
  for (const [path, operations] of Object.entries<
    Record<string, { parameters: { name: string; in: string }[] }>
  >(document.paths)) {
    const names = [...path.matchAll(/\{(\w+)\}/g)].map((match) => match[1]);
    for (const { parameters } of Object.values(operations)) {
      expect(parameters.filter((one) => one.in === 'path').map(({ name }) => name)).toEqual(names);
    }
  }
});

it('nothing in the document contains itself, which generators of typed clients make no types of', async () => {
  const { components } = (await new Browser(api).get('/openapi.json')).body;
  const schemas: Record<string, unknown> = components.schemas;
  const named = (schema: unknown) =>
    [...JSON.stringify(schema).matchAll(/"#\/components\/schemas\/(\w+)"/g)].map(([, name = '']) => name);
  const around = (name: string, way: string[]): void => {
    if (way.includes(name)) throw new Error(`${[...way, name].join(' is made of ')}`);
    if (!schemas[name]) throw new Error(`there is no ${name}`);
    for (const part of named(schemas[name])) around(part, [...way, name]);
  };
  for (const name of Object.keys(schemas)) around(name, []);
  expect(Object.keys(schemas).filter((name) => name.startsWith('_'))).toEqual([]);
});
