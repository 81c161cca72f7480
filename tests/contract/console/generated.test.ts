import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as wire from '@spiderhub/wire';

/**
 * Whoever generates a client from the document gets the types of the web page's own client, which takes them from the
 * contracts: for each operation the two bodies and the two replies can stand for each other.
 */

jest.setTimeout(300_000);

const ROOT = join(__dirname, '../../..');
const TSC = join(ROOT, 'node_modules/typescript/bin/tsc');

const HEAD = `import type * as wire from '@spiderhub/wire';
import type { operations } from './client.ts';

type Input<S> = S extends { _zod: { input: infer I } } ? I : never;
type Output<S> = S extends { _zod: { output: infer O } } ? O : never;
type Json<T> = T extends { content: { 'application/json': infer J } } ? J : never;
type Body<K extends keyof operations> = Json<NonNullable<operations[K]['requestBody']>>;
type Replies<T> = { [S in keyof T]: S extends 200 | 201 | 202 ? Json<T[S]> : never }[keyof T];
type Reply<K extends keyof operations> = Replies<operations[K]['responses']>;

declare function compare<A, B>(a: [A] extends [B] ? ([B] extends [A] ? 'same' : 'less') : 'more'): void;
`;

/** The document says nothing of what any JSON is, which would be a type that contains itself. */
const WITH_ANY_JSON = [
  "Reply<'listSettings'>",
  "Reply<'changeSettings'>",
  "Body<'changeSettings'>",
  "Body<'changeSpiderSettings'>",
];

let folder: string;
beforeAll(() => {
  // Below the tests, so that the packages are found.
  folder = mkdtempSync(join(__dirname, '.generated-'));
  const document = join(folder, 'openapi.json');
  writeFileSync(document, JSON.stringify(wire.openApiOf(wire.CONTRACTS, '1')));
  const types = execFileSync(process.execPath, [join(__dirname, 'generate.mjs'), document], {
    maxBuffer: 64 << 20,
  });
  writeFileSync(join(folder, 'client.ts'), types);
  const options = { noEmit: true, allowImportingTsExtensions: true, exactOptionalPropertyTypes: false };
  const config = { extends: join(ROOT, 'tsconfig.base.json'), compilerOptions: options, include: ['*.ts'] };
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(config));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** How the type of each contract is written, by the name of the operation. */
function typesOfContracts(): Map<string, string> {
  const names = new Map(wire.CONTRACTS.map((each) => [each as unknown, each.id]));
  const found = new Map<string, string>();
  for (const [name, group] of Object.entries<object | string | number>(wire)) {
    const id = names.get(group);
    if (id) found.set(id, `typeof wire.${name}`);
    for (const [key, each] of id ? [] : Object.entries(group))
      if (names.has(each)) found.set(names.get(each) ?? '', `(typeof wire.${name})['${key}']`);
  }
  return found;
}

/** Whatever the compiler says of some lines behind the types. */
function compiled(lines: readonly string[]): string {
  writeFileSync(join(folder, 'agree.ts'), HEAD + lines.join('\n'));
  try {
    return String(execFileSync(process.execPath, [TSC, '-p', folder]));
  } catch (error) {
    return String((error as { stdout: Buffer }).stdout);
  }
}

it('a client generated from the document has the types of the page', () => {
  const types = typesOfContracts();
  const lines = wire.CONTRACTS.flatMap(({ id, body, media, sends, redirects }: wire.Contract) => [
    ...(media || sends || redirects ? [] : [[`Reply<'${id}'>`, `Output<${types.get(id)}['reply']>`]]),
    ...(body ? [[`Body<'${id}'>`, `Input<${types.get(id)}['body']>`]] : []),
  ]);
  expect(lines.length).toBeGreaterThan(wire.CONTRACTS.length);
  const compared = lines.map(
    ([generated = '', own]) =>
      `compare<${generated}, ${own}>('${WITH_ANY_JSON.includes(generated) ? 'more' : 'same'}');`,
  );
  expect(compiled(compared)).toBe('');
});

it('would say so if they had others', () => {
  const wrong = `compare<Reply<'readJob'>, Output<(typeof wire.jobContracts)['listJobs']['reply']>>('same');`;
  expect(compiled([wrong])).toContain('TS2345');
});
