import type { AddressInfo } from 'node:net';
import { DIALECTS } from '../../../apps/api/src/dialects/registry.ts';
import type { Parts } from '../../../apps/api/src/parts.ts';
import { type ApiUnderTest, startApi } from '../../integration/api/support.ts';
import { type Caller, makeCallers } from './callers.ts';
import { watchedDoor } from './door.ts';
import { requestFor, type Wanted } from './requests.ts';
import { RIGHTS } from './table.ts';
import { makeWorld, type Target, type World } from './world.ts';

const OPERATIONS = DIALECTS.flatMap((dialect) =>
  dialect.operations({} as Parts).map(({ spec }) => ({
    name: `${spec.method.toUpperCase()} ${dialect.base}${spec.path}`,
    dialect,
    spec,
  })),
);
/** Credentials that are not good anywhere. */
const STRANGERS = ['revoked', 'nobody'];

const door = watchedDoor();
let api: ApiUnderTest;
let world: World;
let callers: Caller[];
let statements = 0;

beforeAll(async () => {
  api = await startApi({ parts: { access: door.access }, app: { authFailuresPerMinute: 1_000_000 } });
  door.open(api.database.database);
  api.database.database.on('query', () => {
    statements += 1;
  });
  world = await makeWorld(api);
  callers = await makeCallers(api, api.parts, world);
});
afterAll(() => api.close());

interface Answer {
  status: number;
  body: string;
  headers: Record<string, string>;
  verdict: ReturnType<typeof door.verdict>;
  statements: number;
}

async function send({ method, path, headers, body }: Wanted, caller: Caller): Promise<Answer> {
  const credentials = await caller.headers();
  door.verdict();
  statements = 0;
  const { port } = api.server.address() as AddressInfo;
  const response = await fetch(`http://127.0.0.1:${port}${path}`, {
    method,
    headers: { ...headers, ...credentials },
    body,
  });
  // An answer that goes on for as long as somebody listens.
  const isLive = response.headers.get('content-type')?.startsWith('text/event-stream');
  const text = isLive ? '' : await response.text();
  if (isLive) await response.body?.cancel();
  const { date: _date, 'x-request-id': _id, ...kept } = Object.fromEntries(response.headers);
  return { status: response.status, body: text, headers: kept, verdict: door.verdict(), statements };
}

/** Whether the caller was let in: `yes`, `no`, or `who?` for credentials that are not good. */
function outcomeOf({ status, body, verdict }: Answer, isOpen: boolean): string {
  if (status === 401 || /Authentication failed/.test(body)) return 'who?';
  if (isOpen) return 'yes';
  // A comment is its author's, and a key has no session: some rules stand behind the door.
  if (verdict === 'passed') return status === 403 ? 'no' : 'yes';
  // A key of a project does not see its organisation.
  if (verdict === 'not_found' && status === 404) return 'no';
  const isToldSo = status === 403 || /needs another role|not good for this|token/.test(body);
  return verdict === 'forbidden' && isToldSo ? 'no' : `${verdict} ${status} ${body.slice(0, 200)}`;
}

/** The same with what names its object taken out: all of a target's numbers and names are as long as another's. */
function masked(answer: Answer, { project, projectName, organisation, user, comment }: Target) {
  const mask = (text: string) =>
    [projectName, project, organisation, user, comment].reduce<string>(
      (all, name) => all.replaceAll(new RegExp(`(?<![\\w-])${name}(?![\\w-])`, 'g'), '#'),
      text,
    );
  const { status, headers, body } = answer;
  return { status, body: mask(body), headers: mask(JSON.stringify(headers)) };
}

const isFor = (dialect: string, caller: string) =>
  dialect === 'scrapyd'
    ? !/session|job/.test(caller)
    : !/scrapyd/.test(caller) && (dialect === 'console' || !/session/.test(caller));

it('has a line for every operation, and none for what there is not', () => {
  const names = new Set(OPERATIONS.map(({ name }) => name));
  expect(new Set(Object.keys(RIGHTS))).toEqual(names);
  expect(names.size).toBe(OPERATIONS.length);
});

describe.each(OPERATIONS)('$name', ({ name, dialect, spec }) => {
  const isOpen = spec.action === 'open' || spec.action === 'any key';
  const asked = () => callers.filter((caller) => isFor(dialect.name, caller.name));

  it('lets in whom the table says, and nobody else', async () => {
    await world.restore();
    const found: Record<string, string> = {};
    for (const caller of asked()) {
      found[caller.name] = outcomeOf(await send(requestFor(dialect, spec, world.own), caller), isOpen);
    }
    const allowed = (RIGHTS[name] ?? '').split(', ');
    const expected = asked().map(({ name: who }): [string, string] => {
      const mayBe = allowed.includes(who) || RIGHTS[name] === 'open';
      return [who, mayBe ? 'yes' : isStranger(dialect.name, who) ? 'who?' : 'no'];
    });
    expect(found).toEqual(Object.fromEntries(expected));
  });

  it('answers about what is foreign as about what there is not', async () => {
    const [foreign, missing] = [
      requestFor(dialect, spec, world.foreign),
      requestFor(dialect, spec, world.missing),
    ];
    // A form that is uploaded always names a project.
    if (foreign.path === missing.path && foreign.body === missing.body) return;
    if (isOpen) return;
    for (const caller of asked()) {
      if (/staff/.test(caller.name)) continue;
      let [one, other] = [await send(foreign, caller), await send(missing, caller)];
      // The process has statements of its own between requests: a difference of the answers would stay.
      for (let again = 0; again < 3 && one.statements !== other.statements; again++)
        [one, other] = [await send(foreign, caller), await send(missing, caller)];
      expect([caller.name, masked(one, world.foreign)]).toEqual([caller.name, masked(other, world.missing)]);
      // What takes longer for what is there would tell that it is: the same number of statements does not.
      // Scrapyd's dialect remembers projects and users by the clock.
      if (dialect.name !== 'scrapyd')
        expect([caller.name, one.statements]).toEqual([caller.name, other.statements]);
      if (dialect.name !== 'scrapyd') expect([caller.name, one.verdict]).not.toEqual([caller.name, 'passed']);
    }
  });
});

function isStranger(dialect: string, who: string): boolean {
  return STRANGERS.includes(who) || (dialect === 'console' && who === 'job');
}
