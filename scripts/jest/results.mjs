import { readFileSync } from 'node:fs';
import { relative } from 'node:path';

/** So many of the slowest files are named at the end. */
const SLOWEST = 15;

/**
 * What jest wrote to its report: how many tests passed and failed, which files have tests that failed and how many that passed,
 * and lines about the slowest files. A suite that does not even load counts as one failure. `mayBeEmpty`: without a single
 * test there is no report, and none was expected.
 */
export function resultsOf(report, code, mayBeEmpty) {
  try {
    const { numPassedTests, numFailedTests, numRuntimeErrorTestSuites, testResults } = JSON.parse(
      readFileSync(report, 'utf8'),
    );
    const known = numFailedTests + numRuntimeErrorTestSuites;
    // jest can fail for reasons that are no test, such as a server that did not stop.
    return {
      passed: numPassedTests,
      failed: known || (code === 0 ? 0 : 1),
      failedFiles: testResults.filter(({ status }) => status === 'failed').map(failedFile),
      slowest: slowest(testResults),
    };
  } catch {
    return { passed: 0, failed: mayBeEmpty && code === 0 ? 0 : 1, failedFiles: [], slowest: [] };
  }
}

function failedFile({ name, assertionResults }) {
  return {
    name: relative(process.cwd(), name),
    passed: assertionResults.filter(({ status }) => status === 'passed').length,
  };
}

/** The results of a run of which some files ran once more, alone: what these came to then counts, and is told. */
export function withSecondTry(first, second) {
  // It did not come to an end.
  if (second.failed > 0 && second.failedFiles.length === 0) return first;
  const again = new Set(second.failedFiles.map(({ name }) => name));
  const lines = first.failedFiles
    .filter(({ name }) => !again.has(name))
    .map(({ name }) => `Failed beside others and passed alone, which somebody has to mend: ${name}`);
  const before = first.failedFiles.reduce((sum, { passed }) => sum + passed, 0);
  return {
    ...second,
    passed: first.passed - before + second.passed,
    slowest: [...first.slowest, ...lines],
  };
}

function slowest(results) {
  const files = results
    .map(({ name, startTime, endTime }) => ({ name, seconds: (endTime - startTime) / 1000 }))
    .toSorted((a, b) => b.seconds - a.seconds)
    .slice(0, SLOWEST);
  if (results.length < SLOWEST) return [];
  return [
    'The slowest files (s):',
    ...files.map(({ name, seconds }) => `${seconds.toFixed(0).padStart(5)} ${relative(process.cwd(), name)}`),
  ];
}
