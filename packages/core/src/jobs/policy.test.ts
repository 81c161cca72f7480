import { NO_LIMITS } from '../limits/service-limits.ts';
import { bandOf, medianOf } from './band.ts';
import { commandLine } from './command-line.ts';
import { narrowsProject } from './filter.ts';
import { crawlLimits, DEFAULT_POLICY, JobPolicyChange, policyWithin } from './policy.ts';

it.each<[object, Record<string, string>, object]>([
  [{}, {}, { runtimeMs: null, stalledMs: null, maxItems: null, maxLogs: null, maxBytes: null }],
  [DEFAULT_POLICY, {}, { stalledMs: 3_600_000, maxBytes: 20 * 1024 ** 3, runtimeMs: null }],
  [{ runtimeSeconds: 60 }, {}, { runtimeMs: 60_000 }],
  [{ runtimeSeconds: 60 }, { SPIDERHUB_RUNTIME_LIMIT: '5' }, { runtimeMs: 5000 }],
  [{ runtimeSeconds: 60 }, { SPIDERHUB_RUNTIME_LIMIT: '"5"' }, { runtimeMs: 5000 }],
  [{ runtimeSeconds: 60 }, { SPIDERHUB_RUNTIME_LIMIT: '90' }, { runtimeMs: 60_000 }],
  [{}, { SPIDERHUB_RUNTIME_LIMIT: '0' }, { runtimeMs: null }],
  [{}, { SPIDERHUB_RUNTIME_LIMIT: '-5' }, { runtimeMs: null }],
  [{}, { SPIDERHUB_RUNTIME_LIMIT: 'null' }, { runtimeMs: null }],
  [{}, { SPIDERHUB_RUNTIME_LIMIT: '"soon"' }, { runtimeMs: null }],
  [{}, { SPIDERHUB_RUNTIME_LIMIT: '{"a":1}' }, { runtimeMs: null }],
  [{}, { SPIDERHUB_RUNTIME_LIMIT: '1e999' }, { runtimeMs: null }],
  [{}, { SPIDERHUB_RUNTIME_LIMIT: 'NaN' }, { runtimeMs: null }],
  [{}, { SPIDERHUB_RUNTIME_LIMIT: 'Infinity' }, { runtimeMs: null }],
  [{ stalledSeconds: null }, {}, { stalledMs: null }],
  [{ stalledSeconds: 0.5 }, {}, { stalledMs: 500 }],
])('a policy of %j and the settings %j', (policy, settings, limits) => {
  expect(crawlLimits(policy, settings)).toMatchObject(limits);
});

it('a job has the strictest of all limits', () => {
  const limits = [
    { ...NO_LIMITS, itemsPerJob: 10 },
    { ...NO_LIMITS, itemsPerJob: 5, logsPerJob: 9 },
  ];
  expect(policyWithin({ maxItems: 7, maxLogs: null }, limits)).toEqual({ maxItems: 5, maxLogs: 9 });
  expect(policyWithin({ maxItems: 3 }, limits)).toEqual({ maxItems: 3, maxLogs: 9 });
  expect(policyWithin({ retryOn: ['lost'] }, [])).toEqual({
    retryOn: ['lost'],
    maxItems: null,
    maxLogs: null,
  });
});

it.each<[object, boolean]>([
  [{ maxAttempts: 1 }, true],
  [{ maxAttempts: 0 }, false],
  [{ maxAttempts: 101 }, false],
  [{ maxAttempts: 1.5 }, false],
  [{ retryOn: [] }, true],
  [{ retryOn: [''] }, false],
  [{ retryOn: 'lost' }, false],
  [{ backoffSeconds: 0 }, true],
  [{ backoffSeconds: -1 }, false],
  [{ backoffSeconds: 3601 }, false],
  [{ runtimeSeconds: 0 }, false],
  [{ runtimeSeconds: null }, true],
  [{ runtimeSeconds: 31_536_001 }, false],
  [{ maxItems: 0 }, false],
  [{ maxBytes: null }, true],
  [{ maxByte: 1 }, false],
])('%j is a change of policy: %j', (change, isOne) => {
  expect(JobPolicyChange.safeParse(change).success).toBe(isOne);
});

it.each<[string, string[] | null, string[] | null]>([
  ['books', null, null],
  ['books', [], null],
  ['books', ['crawl', 'books'], ['crawl', 'books']],
  ['py:run.py', null, ['py:run.py']],
  ['py:run.py', ['py:run.py', '-x'], ['py:run.py', '-x']],
  ['py:run.py', ['-x'], ['py:run.py', '-x']],
])('%s with the command %j runs %j', (spiderName, command, line) => {
  expect(commandLine({ spiderName, command })).toEqual(line);
});

it('what is usual takes three runs, and is two fifths wide on either side', () => {
  expect(bandOf([1, 2])).toBeNull();
  expect(bandOf([300, 100, 200])).toEqual({ median: 200, low: 120, high: 280, runs: 3 });
  expect(medianOf([4, 1, 3, 2])).toBe(2.5);
  expect(medianOf([10, 9, 100])).toBe(10);
  expect(medianOf([])).toBe(0);
});

it.each<[object, boolean]>([
  [{}, false],
  [{ keys: [], spiders: [], states: [], hasTag: [], lacksTag: [] }, false],
  [{ since: new Date() }, false],
  [{ spiders: ['a'] }, true],
  [{ lacksTag: ['a'] }, true],
])('a filter of %j narrows a project: %j', (filter, narrows) => {
  expect(narrowsProject({ project: 1, ...filter })).toBe(narrows);
});
