import { readFileSync } from 'node:fs';
import { relative } from 'node:path';

/** So many of the slowest files are named at the end. */
const SLOWEST = 15;

/**
 * What jest wrote to its report: how many tests passed and failed, and lines about the slowest files. A suite that does
 * not even load counts as one failure. `mayBeEmpty`: without a single test there is no report, and none was expected.
 */
export function resultsOf(report, code, mayBeEmpty) {
  try {
    const { numPassedTests, numFailedTests, numRuntimeErrorTestSuites, testResults } = JSON.parse(
      readFileSync(report, 'utf8'),
    );
    const known = numFailedTests + numRuntimeErrorTestSuites;
    // jest can fail for reasons that are no test, such as a server that did not stop.
    return { passed: numPassedTests, failed: known || (code === 0 ? 0 : 1), slowest: slowest(testResults) };
  } catch {
    return { passed: 0, failed: mayBeEmpty && code === 0 ? 0 : 1, slowest: [] };
  }
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
