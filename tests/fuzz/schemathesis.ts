import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Json } from './documents.ts';

/** The Python environment of `requirements.txt` beside this; null where nobody has made it. */
export function fuzzPython(): string | null {
  const python = process.env.SPIDERHUB_FUZZ_PYTHON;
  if (!python && process.env.CI) {
    throw new Error('SPIDERHUB_FUZZ_PYTHON is not set: run these tests through `npm test`');
  }
  return python || null;
}

export interface Fuzzed {
  operations: { total: number; tested: number };
  cases: number;
  failures: { title: string; operations: string[] }[];
  errors: { title: string }[];
  /** What it printed, with a request to repeat for each failure. */
  output: string;
}

/**
 * Methods that no document names would be tried for real, such as DELETE; others Scrapyd itself answers with 501. What is
 * wrong may be too large, too.
 */
const CONFIG = `
[phases.coverage]
unexpected-methods = []
[checks.negative_data_rejection]
expected-statuses = [400, 401, 403, 404, 409, 413, 415, 429, 431]
`;

interface Wanted {
  url: string;
  document: Json;
  headers: Record<string, string>;
  checks: readonly string[];
  /** What is tried: `coverage` is each edge of each schema, `fuzzing` is chance. */
  phases: string;
  /** Of each operation, by chance. */
  examples: number;
  /** It ends after so long, s. */
  most: number;
  seed: number;
}

interface Report {
  operations: { total: number; tested: number };
  test_cases: { generated: number };
  failures: Fuzzed['failures'];
  errors: Fuzzed['errors'];
}

/** Sends made-up requests for all operations of a document, and says what the answers got wrong. */
export async function fuzz(python: string, wanted: Wanted): Promise<Fuzzed> {
  const folder = await mkdtemp(join(tmpdir(), 'fuzz-'));
  try {
    const [file, report] = [join(folder, 'openapi.json'), join(folder, 'report.json')];
    await writeFile(file, JSON.stringify(wanted.document));
    await writeFile(join(folder, 'schemathesis.toml'), CONFIG);
    const options: Record<string, string> = {
      url: wanted.url,
      checks: wanted.checks.join(','),
      phases: wanted.phases,
      'max-examples': String(wanted.examples),
      'max-time': String(wanted.most),
      // What makes up input does not bear several threads in every Python.
      workers: '1',
      seed: String(wanted.seed),
      'generation-database': 'none',
      'report-json-path': report,
      warnings: 'off',
    };
    const words = [
      'run',
      file,
      ...Object.entries(options).flatMap(([name, value]) => [`--${name}`, value]),
      '--continue-on-failure',
      '--no-color',
      '--no-shrink',
      ...Object.entries(wanted.headers).flatMap(([name, value]) => ['--header', `${name}: ${value}`]),
    ];
    const output = await run(join(dirname(python), 'schemathesis'), words, folder);
    const text = await readFile(report, 'utf8').catch(() => {
      throw new Error(`schemathesis made no report:\n${output}`);
    });
    const { operations, test_cases, failures, errors } = JSON.parse(text) as Report;
    return { operations, cases: test_cases.generated, failures, errors, output };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function run(command: string, args: string[], cwd: string): Promise<string> {
  return new Promise((resolve) => {
    execFile(command, args, { cwd, maxBuffer: 2 ** 28 }, (_error, stdout, stderr) =>
      resolve(stdout + stderr),
    );
  });
}
