import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseRequirements, type Requirement, writeRequirements } from '@spiderhub/core';
import fc from 'fast-check';
import { requirePython } from './contract/support.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'requirements-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** What pip's own parser finds in a file, a list for each line that it takes for a requirement. */
const ASK_PIP = `
import json, sys
from pip._internal.exceptions import InstallationError
from pip._internal.network.session import PipSession
from pip._internal.req.constructors import install_req_from_parsed_requirement
from pip._internal.req.req_file import RequirementsFileParser, get_file_content, handle_line
session = PipSession()
for line in RequirementsFileParser(session, lambda text: __import__('pip._internal.req.req_file', fromlist=['x']).get_line_parser(None)(text)).parse(sys.argv[1], False):
    parsed = handle_line(line, session=session)
    if parsed is None:
        print(json.dumps(['option', line.args, str(line.opts)]))
        continue
    try:
        asked = install_req_from_parsed_requirement(parsed)
    except InstallationError as error:
        print(json.dumps(['refused', str(error)]))
        continue
    print(json.dumps([
        asked.name, sorted(asked.extras), sorted(map(str, asked.req.specifier)) if asked.req else [],
        asked.link and asked.link.url, str(asked.markers) if asked.markers else None,
        sorted('%s:%s' % (name, hash) for name, hashes in asked.hash_options.items() for hash in hashes),
        asked.editable,
    ]))
`;

type Asked = [string | null, string[], string[], string | null, string | null, string[], boolean];

function askPip(text: string): Asked[] {
  const path = join(folder, 'requirements.txt');
  writeFileSync(path, text);
  const answer = execFileSync(requirePython(), ['-I', '-c', ASK_PIP, path], { encoding: 'utf8' });
  return answer
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Asked);
}

/** Pieces of which the lines of an attacker are made. */
const PIECES = [
  'six',
  'Scrapy',
  'a.zip',
  'x',
  '==1.0',
  '>=1,<2',
  '~=1.4',
  '===y',
  '[x]',
  '[x,y]',
  ' @ ',
  '@',
  'https://example.com/a-1.0.zip',
  'git+https://github.com/x/y@v1#egg=y',
  'file:///etc/passwd',
  'http://127.0.0.1/a.zip',
  'https://127.1/a.zip',
  './x',
  '/etc/passwd',
  '..',
  ' ; ',
  ';',
  "python_version >= '3.8'",
  "os_name == '-r x'",
  'extra == "a"',
  ' and ',
  ' or ',
  '(',
  ')',
  ` --hash=sha256:${'ab'.repeat(32)}`,
  ` --hash sha256:${'cd'.repeat(32)}`,
  '-r /etc/passwd',
  ' -r',
  '--index-url http://x',
  ' --pre',
  '-e .',
  `\${HOME}`,
  '$HOME',
  '#',
  ' # ',
  '\\\n',
  '\\',
  '\n',
  '\r',
  '\r\n',
  ' ',
  '\t',
  '\f',
  '\u2028',
  '\u0085',
  '\uFEFF',
  '"',
  "'",
  ',',
  '%',
  '|',
  '# coding: utf-7\n',
];

const isTaken = (text: string): Requirement[] | null => {
  try {
    return parseRequirements(text);
  } catch {
    return null;
  }
};

it('are read by pip as they were read here, whatever was sent', () => {
  const wanted: Requirement[] = [];
  let refused = 0;
  const attack = fc
    .array(fc.constantFrom(...PIECES), { minLength: 1, maxLength: 8 })
    .map((pieces) => pieces.join(''));
  fc.assert(
    fc.property(attack, (text) => {
      const found = isTaken(text);
      if (found) wanted.push(...found);
      else refused += 1;
    }),
    { numRuns: 20_000, seed: 7 },
  );
  // Neither all nor nothing.
  expect(wanted.length).toBeGreaterThan(500);
  expect(refused).toBeGreaterThan(5000);
  const distinct = [...new Map(wanted.map((one) => [writeRequirements([one]), one])).values()];
  const asked = askPip(writeRequirements(distinct));
  expect(asked).toHaveLength(distinct.length);
  for (const [i, [name, extras, specifiers, link, , hashes, editable]] of asked.entries()) {
    const ours = distinct[i] as Requirement;
    expect([name ?? ours.name, extras, link, editable]).toEqual([
      ours.name ?? name,
      [...new Set(ours.extras)].sort(),
      ours.url,
      false,
    ]);
    expect(specifiers).toEqual([...new Set(ours.specifiers)].sort());
    expect(hashes).toEqual([...new Set(ours.hashes)].sort());
    expect(link ?? 'https://').toMatch(/^(git\+)?https:/);
  }
});
