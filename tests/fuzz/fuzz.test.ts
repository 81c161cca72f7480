import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { hashPassword, newSecretKey } from '@spiderhub/core';
import { createAdminStore } from '@spiderhub/db';
import { CONTRACTS, openApiOf } from '@spiderhub/wire';
import { DIALECTS } from '../../apps/api/src/dialects/registry.ts';
import { makeScrapydUser } from '../support/scrapyd.ts';
import { type Service, startService } from '../support/service.ts';
import { documentOf, type Known, leadingTo } from './documents.ts';
import { type Fuzzed, fuzz, fuzzPython } from './schemathesis.ts';

/**
 * Made-up input for every operation of every API, against a running service that nobody needs afterwards: it removes what
 * it finds. That takes minutes for each API: `npm run test:fuzz`. Every run only holds the
 * document of our own against a validator.
 */

const LONG = Boolean(process.env.FUZZ);
const PYTHON = fuzzPython();
const PASSWORD = 'seven green bicycles';
/** `most` is in seconds, for each API: a guard, not a measure. */
const EFFORT = { most: 1200, examples: 100, phases: 'coverage,fuzzing' };
const LESS = { ...EFFORT, examples: 20 };
/** An answer that goes on for ever is no answer to wait for. */
const ENDING = CONTRACTS.filter(({ media }) => media !== 'text/event-stream');
/** A body of surrogates is a long line. */
const MAX_LINE = 300;

/** All that a document promises. `DELETE` is never tried where it is not documented: it would work. */
const PROMISES = [
  'not_a_server_error',
  'status_code_conformance',
  'response_schema_conformance',
  'content_type_conformance',
  'ignored_auth',
  'negative_data_rejection',
];

jest.setTimeout(3_600_000);
if (!PYTHON) process.stderr.write('Without SPIDERHUB_FUZZ_PYTHON nothing is tried with made-up input.\n');
const describeWhere = PYTHON ? describe : describe.skip;
const itInLongForm = LONG ? it : it.skip;

const basic = (user: string, password = '') =>
  `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;

describeWhere('made-up input', () => {
  let service: Service;
  let known: Known;

  beforeAll(async () => {
    // Wrong keys are a part of it, and must not end it.
    service = await startService({
      workers: 0,
      spiders: ['a', 'b'],
      env: {
        AUTH_FAILURES_PER_MINUTE: '1000000',
        SECRETS_KEY: newSecretKey(),
        // An address has room for several parameters that are as long as they may be.
        NODE_OPTIONS: `--max-http-header-size=${2 ** 20}`,
      },
    });
    const { database } = service.db;
    const admin = createAdminStore(database);
    const organisation = (await database('organisations').where({ name: 'acme' }).first('id')).id;
    const { value: other } = await admin.createUser('somebody');
    await admin.addMember('acme', 'somebody', 'reader');
    await makeScrapydUser(service);
    const { project } = service.team;
    for (let i = 0; i < 3; i++) {
      await service.call('/api/run.json', { project: String(project), spider: 'a', nonce: String(i) });
    }
    known = {
      project: [project, 999_999],
      organisation: [organisation, 999_999],
      user: [other.id, 999_999],
      spider: [1, 999_999],
      job: [1, 2, 999_999],
    };
  });
  afterAll(() => service.stop());

  function check(found: Fuzzed, what: string): void {
    const { operations, cases, failures, errors, output } = found;
    process.stderr.write(`${what}: ${operations.tested} operations, ${cases} cases\n`);
    if (failures.length > 0 || errors.length > 0) {
      const lines = output.split('\n').map((line) => line.slice(0, MAX_LINE));
      process.stderr.write(`${lines.join('\n').slice(-20_000)}\n`);
    }
    expect({ failures, errors }).toEqual({ failures: [], errors: [] });
    expect(operations.tested).toBe(operations.total);
    expect(operations.total).toBeGreaterThan(5);
  }

  async function session(): Promise<Record<string, string>> {
    const password_hash = await hashPassword(PASSWORD);
    await service.db.database('users').where({ name: 'acme-user' }).update({ password_hash });
    const answer = await fetch(`${service.url}/console/session`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ name: 'acme-user', password: PASSWORD }),
    });
    const [cookie = ''] = answer.headers.getSetCookie();
    const { csrfToken } = (await answer.json()) as { csrfToken: string };
    return { Cookie: cookie.split(';')[0] as string, 'X-CSRF-Token': csrfToken };
  }

  itInLongForm('makes /console break none of the promises of its document, with a key', async () => {
    const document = leadingTo(openApiOf(ENDING, '1'), known);
    const headers = { Authorization: basic(service.team.key) };
    const wanted = { url: `${service.url}/console`, document, headers, checks: PROMISES, seed: 1, ...EFFORT };
    check(await fuzz(PYTHON as string, wanted), '/console with a key');
  });

  itInLongForm('makes it break none with a session, except by what would end it', async () => {
    const ends = ['signOut', 'endOtherSessions', 'signIn', 'changePassword'];
    const own = ENDING.filter(({ id, isOpen }) => !ends.includes(id) && !isOpen);
    const document = leadingTo(openApiOf(own, '1'), known);
    // A wrong key beside a cookie is looked at alone, so that who comes without credentials is told in the other test.
    const checks = PROMISES.filter((one) => one !== 'ignored_auth');
    const headers = await session();
    const wanted = { url: `${service.url}/console`, document, headers, checks, seed: 2, ...EFFORT };
    check(await fuzz(PYTHON as string, wanted), '/console with a session');
  });

  itInLongForm.each(
    DIALECTS.filter(({ name }) => name !== 'console').map((dialect) => [dialect.name, dialect] as const),
  )('makes %s answer with no error of ours', async (name, dialect) => {
    const document = documentOf(dialect, known);
    const wanted = {
      url: service.url,
      document,
      headers: { Authorization: basic(service.team.key) },
      checks: ['not_a_server_error'],
      seed: 3,
      ...LESS,
    };
    check(await fuzz(PYTHON as string, wanted), name);
  });

  it('finds the document of /console valid by an independent validator', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'openapi-'));
    try {
      const file = join(folder, 'openapi.json');
      await writeFile(file, await (await fetch(`${service.url}/console/openapi.json`)).text());
      const { stdout } = await promisify(execFile)(PYTHON as string, [
        '-m',
        'openapi_spec_validator',
        '--schema',
        '3.1',
        file,
      ]);
      expect(stdout).toContain('OK');
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
