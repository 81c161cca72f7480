import { requestErrors } from '@spiderhub/core';
import { RE2JS } from 're2js';
import { parseRecord } from './parse.ts';
import type { Row, Rows } from './row.ts';

/** True for records that a caller wants. Gets the parsed record. */
export type Test = (record: Record<string, unknown>) => boolean;

/** Tests one value, which is undefined when the record does not have the field. */
type Matcher = (value: unknown) => boolean;

const MAX_PATTERN = 1000;
const MAX_ARGUMENTS = 1000;

/** How many arguments each operator takes. */
const OPERATORS: Record<
  string,
  { args: 'one' | 'none' | 'some'; matcher(args: readonly unknown[]): Matcher }
> = {
  '=': {
    args: 'one',
    matcher:
      ([arg]) =>
      (value) =>
        isEqual(value, arg),
  },
  '!=': {
    args: 'one',
    matcher:
      ([arg]) =>
      (value) =>
        !isEqual(value, arg),
  },
  '<': {
    args: 'one',
    matcher:
      ([arg]) =>
      (value) =>
        compared(value, arg, (order) => order < 0),
  },
  '>': {
    args: 'one',
    matcher:
      ([arg]) =>
      (value) =>
        compared(value, arg, (order) => order > 0),
  },
  '<=': {
    args: 'one',
    matcher:
      ([arg]) =>
      (value) =>
        compared(value, arg, (order) => order <= 0),
  },
  '>=': {
    args: 'one',
    matcher:
      ([arg]) =>
      (value) =>
        compared(value, arg, (order) => order >= 0),
  },
  contains: {
    args: 'one',
    matcher:
      ([arg]) =>
      (value) =>
        textOf(value).includes(String(arg)),
  },
  icontains: { args: 'one', matcher: ([arg]) => containsIgnoringCase(String(arg)) },
  matches: { args: 'one', matcher: ([arg]) => matches(String(arg)) },
  exists: { args: 'none', matcher: () => (value) => value !== undefined },
  notexists: { args: 'none', matcher: () => (value) => value === undefined },
  isempty: { args: 'none', matcher: () => isEmpty },
  isnotempty: { args: 'none', matcher: () => isFilled },
  haselement: { args: 'some', matcher: (args) => (value) => hasElement(value, args) },
  hasnotelement: { args: 'some', matcher: (args) => (value) => !hasElement(value, args) },
};

/** Reads `["field", "operator", [arguments]]`. Throws `invalid` when it is anything else. */
export function parseFilter(text: string, quantifier: 'value' | 'any' | 'all' = 'value'): Test {
  const [field, name, args] = shapeOf(text);
  const operator = Object.hasOwn(OPERATORS, name) ? OPERATORS[name] : undefined;
  if (!operator) throw wrong(`unknown operator ${JSON.stringify(name.slice(0, 50))}`);
  if (operator.args === 'one' && args.length !== 1) throw wrong(`${name} takes one argument`);
  if (operator.args === 'none' && args.length !== 0) throw wrong(`${name} takes no arguments`);
  const matcher = operator.matcher(args);
  return (record) => {
    const value = Object.hasOwn(record, field) ? record[field] : undefined;
    if (quantifier === 'value') return matcher(value);
    if (!Array.isArray(value)) return false;
    return quantifier === 'any' ? value.some(matcher) : value.every(matcher);
  };
}

function shapeOf(text: string): [string, string, unknown[]] {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw wrong('is not valid JSON');
  }
  const [field, name, args] = Array.isArray(value) ? (value as unknown[]) : [];
  if (
    typeof field !== 'string' ||
    typeof name !== 'string' ||
    !Array.isArray(args) ||
    args.length > MAX_ARGUMENTS
  ) {
    throw wrong('expected ["field", "operator", [arguments]]');
  }
  return [field, name, args];
}

/** The records that pass all tests. */
export async function* filterRows(rows: Rows, tests: readonly Test[]): AsyncGenerator<readonly Row[]> {
  for await (const list of rows) {
    const kept = list.filter(({ line }) => {
      const record = parseRecord(line);
      if (typeof record !== 'object' || record === null) return false;
      return tests.every((test) => test(record as Record<string, unknown>));
    });
    if (kept.length > 0) yield kept;
  }
}

/** The value as the argument's type, where that is possible; undefined where it is not. */
function converted(value: unknown, like: unknown): unknown {
  if (typeof value === typeof like) return value;
  switch (typeof like) {
    case 'number':
      return toNumber(value);
    case 'string':
      return isScalar(value) ? String(value) : undefined;
    case 'boolean':
      return value === 'true' || value === 1 ? true : value === 'false' || value === 0 ? false : undefined;
    default:
      return value;
  }
}

function toNumber(value: unknown): number | bigint | undefined {
  if (typeof value === 'bigint') return value;
  if (typeof value === 'boolean') return value ? 1 : 0;
  if (typeof value !== 'string' || value.trim() === '') return undefined;
  const number = Number(value);
  return Number.isNaN(number) ? undefined : number;
}

function isScalar(value: unknown): boolean {
  return ['number', 'boolean', 'bigint', 'string'].includes(typeof value);
}

function isEqual(value: unknown, arg: unknown): boolean {
  if (value === undefined) return false;
  const like = converted(value, arg);
  if (typeof like === 'bigint') return like === arg || (typeof arg === 'number' && Number(like) === arg);
  if (typeof like === 'object' && like !== null) return JSON.stringify(like) === JSON.stringify(arg);
  return like === arg;
}

function compared(value: unknown, arg: unknown, holds: (order: number) => boolean): boolean {
  const like = converted(value, arg);
  if (like === undefined || like === null || arg === null) return false;
  if ((typeof like === 'number' || typeof like === 'bigint') && typeof arg === 'number') {
    if (Number.isNaN(like)) return false;
    return holds(like < arg ? -1 : like > arg ? 1 : 0);
  }
  if (typeof like !== 'string' || typeof arg !== 'string') return false;
  return holds(like < arg ? -1 : like > arg ? 1 : 0);
}

function textOf(value: unknown): string {
  return isScalar(value) ? String(value) : '';
}

function containsIgnoringCase(arg: string): Matcher {
  const wanted = arg.toLowerCase();
  return (value) => textOf(value).toLowerCase().includes(wanted);
}

/** RE2: time linear in the text, whatever the pattern. */
function matches(pattern: string): Matcher {
  if (pattern.length > MAX_PATTERN) throw wrong(`a pattern has at most ${MAX_PATTERN} characters`);
  let expression: RE2JS;
  try {
    expression = RE2JS.compile(pattern);
  } catch {
    throw wrong('not a pattern of the RE2 syntax');
  }
  return (value) => isScalar(value) && expression.matcher(String(value)).find();
}

/** Numbers and booleans are neither empty nor filled. */
function isEmpty(value: unknown): boolean {
  if (value === undefined || value === null || value === '') return true;
  if (typeof value !== 'object') return false;
  return (Array.isArray(value) ? value : Object.keys(value)).length === 0;
}

function isFilled(value: unknown): boolean {
  return (typeof value === 'string' || (typeof value === 'object' && value !== null)) && !isEmpty(value);
}

function hasElement(value: unknown, args: readonly unknown[]): boolean {
  return Array.isArray(value) && args.some((arg) => value.some((element) => isEqual(element, arg)));
}

function wrong(why: string): Error {
  return requestErrors.invalid('filter', why);
}
