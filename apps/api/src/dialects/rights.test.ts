import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { Readable } from 'node:stream';
import { ACTIONS, type Access, type Action, Caller, type Principal } from '@spiderhub/core';
import { z } from 'zod';
import type { Incoming } from '../http/incoming.ts';
import type { Call, Operation } from '../http/operation.ts';
import type { Parts } from '../parts.ts';
import { DIALECTS } from './registry.ts';
import { rightsTable } from './rights-table.ts';
import { admitted } from './scrapyd/call.ts';

const WHO: Principal = {
  name: 'somebody',
  user: null,
  shown: null,
  projects: new Map(),
  staff: false,
  organisations: new Map(),
};

class Refused extends Error {}

let uploadDir: string;
beforeAll(() => {
  uploadDir = mkdtempSync(join(tmpdir(), 'rights-'));
});
afterAll(() => rmSync(uploadDir, { recursive: true }));

/** A door that lets nobody pass and remembers for what it was asked. */
function closedDoor() {
  const asked: Action[] = [];
  const refuse = (_who: Principal, action: Action): never => {
    asked.push(action);
    throw new Refused();
  };
  const access = { may: async (...args: [Principal, Action]) => refuse(...args) } as unknown as Access;
  return {
    asked,
    access: Object.assign(access, {
      everywhere: refuse,
      account: refuse,
      reach: refuse,
      organisations: refuse,
      mayAnywhere: refuse,
      mayIn: async (...args: [Principal, Action]) => refuse(...args),
    }),
  };
}

/** Parts whose every method says that it was touched. `comments` may be looked for: they name the project. */
function untouchable(access: Access): { parts: Parts; touched: string[] } {
  const touched: string[] = [];
  const room = (name: string) =>
    new Proxy(
      {},
      {
        get: (_, method: string) => async () => {
          if (name === 'comments' && method === 'find')
            return { id: 1, job: { project: 1, spider: 1, job: 1 } };
          touched.push(`${name}.${method}`);
          return [];
        },
      },
    );
  const known: Partial<Parts> = { access, uploadDir, now: () => new Date() };
  const parts = new Proxy(known, { get: (all, name: string) => all[name as keyof Parts] ?? room(name) });
  return { parts: parts as Parts, touched };
}

const VALUES: Record<string, unknown> = {
  job: '1/2/3',
  spider: 'a',
  fields: 'a',
  add_tag: 't',
  lacks_tag: 't',
  image_url: 'x',
  role: 'reader',
  p: '1',
  cron: '0 0 * * *',
  tasks: [{ spider: 'a' }],
  email: 'a@example.org',
  when: {},
  action: { channel: 'run', spider: 'a' },
};
const IN_PATHS: Record<string, unknown> = {
  spider: '2',
  job: '3',
  type: 's',
  state: 'pending',
  slot: 's',
  format: 'jl',
};

/** Input that a schema takes: a value for each of its fields that must be given. */
function sampleFor(schema: z.ZodType | undefined, more: Record<string, unknown> = {}): unknown {
  if (!(schema instanceof z.ZodObject)) return undefined;
  const given: Record<string, unknown> = {};
  for (const [name, field] of Object.entries(schema.shape) as [string, z.ZodType][]) {
    const value = more[name] ?? VALUES[name] ?? '1';
    const isNeeded = name in more || ['job', 'p'].includes(name) || !field.safeParse(undefined).success;
    // A path with slashes is a list of its parts.
    if (isNeeded) given[name] = field.safeParse(value).success ? value : [value];
  }
  return schema.parse(given);
}

function form(): Incoming {
  const fields: Record<string, string> = { project: '1', version: '1', name: 'egg', job: '1/2/3', key: 'k' };
  const parts = Object.entries(fields).map(
    ([name, value]) => `--x\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`,
  );
  const body = `${parts.join('')}--x--\r\n`;
  const headers = { 'content-type': 'multipart/form-data; boundary=x' };
  return Object.assign(Readable.from([Buffer.from(body)], { objectMode: false }), { headers });
}

function callOf({ spec }: Operation, access: Access): Call<never, never, never> {
  const call: Call = {
    params: sampleFor(spec.params, IN_PATHS),
    get query() {
      return sampleFor(spec.query);
    },
    body: sampleFor(spec.body),
    fields: {},
    caller: new Caller(access, WHO, spec.action as Action),
    requestId: 'r',
    address: '127.0.0.1',
    headers: {},
    incoming: form(),
    origin: () => 'http://localhost',
    isGone: () => false,
  };
  return call as Call<never, never, never>;
}

const operations = DIALECTS.filter(({ name }) => name !== 'scrapyd').flatMap((dialect) => {
  const names = dialect.operations({} as Parts).map(({ spec }) => `${spec.method} ${spec.path}`);
  return names.map((name, i) => [`${dialect.name} ${name}`, dialect, i] as const);
});

describe('every operation', () => {
  it.each(operations)('%s asks for its action before it touches anything', async (_name, dialect, i) => {
    const { asked, access } = closedDoor();
    const { parts, touched } = untouchable(access);
    const operation = dialect.operations(parts)[i] as Operation;
    const { action } = operation.spec;
    if (action === 'open' || action === 'any key') return;
    await expect(operation.handle(callOf(operation, access))).rejects.toThrow(Refused);
    expect(asked).toEqual([action]);
    expect(touched).toEqual([]);
  });

  it('of Scrapyd gets a call for which the door was asked', () => {
    const { asked, access } = closedDoor();
    const req = { ip: '127.0.0.1', headers: {} };
    const visit = { parts: { access }, who: WHO, req } as unknown as Parameters<typeof admitted>[0];
    expect(() => admitted(visit, 'jobs.run')).toThrow(Refused);
    expect(asked).toEqual(['jobs.run']);
  });

  it('is open or takes any key only where nothing of anybody is touched', () => {
    const without = DIALECTS.flatMap((dialect) => dialect.operations({} as Parts))
      .filter(({ spec }) => !(spec.action in ACTIONS))
      .map(({ spec }) => `${spec.action}: ${spec.method} ${spec.path}`);
    expect(without).toEqual([
      // The number of a release is the secret.
      'open: get /releases/status/:id',
      'open: get /system/ts',
      'any key: post /botgroups/:group/max_running',
      'any key: delete /botgroups/:group',
      // Who signs in or holds a link shows that in the body; the document tells nothing of anybody.
      'open: get /sign-in',
      'open: post /session',
      'open: post /sign-in/openid',
      'open: get /sign-in/openid/callback',
      'open: post /links/look',
      'open: post /accounts',
      'open: post /links/forgotten',
      'open: post /links/password',
      'open: get /openapi.json',
    ]);
  });
});

it('every action is asked for by some operation', () => {
  const specs = DIALECTS.flatMap((dialect) => dialect.operations({} as Parts)).map(({ spec }) => spec);
  const asked = new Set(specs.flatMap(({ action, alsoAsks = [] }) => [action, ...alsoAsks]));
  expect(Object.keys(ACTIONS).filter((action) => !asked.has(action as Action))).toEqual([]);
});

it('docs/rights.md is as the operations are (npm run rights)', () => {
  const page = readFileSync(resolve(__dirname, '../../../../docs/rights.md'), 'utf8');
  expect(page).toBe(rightsTable(DIALECTS));
});
