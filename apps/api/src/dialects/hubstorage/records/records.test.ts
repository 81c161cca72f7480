import { z } from 'zod';
import type { Parts } from '../../../parts.ts';
import { REF, streamsOf, textOf } from '../../../testing/streams.ts';
import { attachment, formatOf, renderRows } from './format.ts';
import { last, many, moment, wholeNumber, yes } from './params.ts';
import { RecordParams, toRecordQuery } from './query.ts';
import { rowsOfJob, rowsOfJobs } from './streams.ts';

const LINES = Array.from({ length: 7 }, (_, n) => `{"n":${n},"even":${n % 2 === 0}}`);
const JOB = { key: REF.key, attempt: 1 };

function query(params: Record<string, string | string[]> = {}, accept?: string) {
  return toRecordQuery(RecordParams.parse(params), accept === undefined ? {} : { accept });
}

async function rowsOf(params: Record<string, string | string[]>, lines = LINES) {
  const parts = { streams: streamsOf(lines) } as Parts;
  return flat(rowsOfJob(parts, 'items', JOB, query(params)));
}

async function flat(rows: AsyncIterable<readonly { line: Buffer; key: string | null }[]>) {
  const found: { n: number; key: string | null }[] = [];
  for await (const list of rows)
    for (const { line, key } of list)
      found.push({ n: (JSON.parse(line.toString()) as { n: number }).n, key });
  return found;
}

const numbers = async (params: Record<string, string | string[]>) => (await rowsOf(params)).map(({ n }) => n);

it.each<[Record<string, string | string[]>, number[]]>([
  [{}, [0, 1, 2, 3, 4, 5, 6]],
  [{ count: '3' }, [0, 1, 2]],
  [{ count: '0' }, []],
  [{ count: '' }, [0, 1, 2, 3, 4, 5, 6]],
  [{ start: '5' }, [5, 6]],
  [{ start: '1/2/3/5' }, [5, 6]],
  [{ start: '99' }, []],
  [{ startafter: '5' }, [6]],
  [{ startafter: '1/2/3/4', count: '1' }, [5]],
  [{ startafter: '', start: '5' }, [5, 6]],
  [{ start: ['0', '6'] }, [6]],
  [{ index: ['6', '0', '6'] }, [6, 0, 6]],
  [{ index: '99' }, []],
  [{ filter: '["even","=",[true]]' }, [0, 2, 4, 6]],
  [{ filter: '["even","=",[true]]', count: '2', start: '1' }, [2, 4]],
  [{ filter: ['["even","=",[true]]', '["n",">",[3]]'] }, [4, 6]],
  [{ startts: '1000' }, [2, 3, 4, 5, 6]],
  [{ endts: '1000' }, [0, 1]],
  [{ startts: '1000', endts: '2000.5' }, [2, 3, 4, 5]],
])('of %j are the records %j', async (params, expected) => {
  expect(await numbers(params)).toEqual(expected);
});

it('each record has the key by which a reader goes on', async () => {
  expect((await rowsOf({ start: '2', count: '2' })).map(({ key }) => key)).toEqual(['1/2/3/2', '1/2/3/3']);
});

it.each<[Record<string, string>, string]>([
  [{ start: 'x' }, 'start: expected project/spider/job/number'],
  [{ start: '-1' }, 'start: expected'],
  [{ start: '1/2/3' }, 'start: expected'],
  [{ start: '1/2/4/0' }, 'start: is a key of another job'],
  [{ startafter: '2/2/3/0' }, 'startafter: is a key of another job'],
  [{ index: '1.5' }, 'index: expected a record number'],
  [{ index: '-1' }, 'index: expected a record number'],
])('%j is refused', async (params, why) => {
  await expect(numbers(params)).rejects.toThrow(why);
});

it('of many jobs come one after the other, from the key of a record on', async () => {
  const jobs = [1, 2, 3].map((job) => ({ key: { project: 1, spider: 2, job }, attempt: 1 }));
  const parts = {
    streams: streamsOf(LINES.slice(0, 2)),
    queue: {
      byKey: async (_project: number, _spider: number | null, after: { job: number } | null) =>
        jobs.filter(({ key }) => key.job > (after?.job ?? 0)),
    },
  } as unknown as Parts;
  const keys = async (params: Record<string, string>, spider: number | null = null) =>
    (await flat(rowsOfJobs(parts, 'items', { project: 1, spider }, query(params)))).map(({ key }) => key);
  expect(await keys({})).toEqual(['1/2/1/0', '1/2/1/1', '1/2/2/0', '1/2/2/1', '1/2/3/0', '1/2/3/1']);
  expect(await keys({ startafter: '1/2/2/0' })).toEqual(['1/2/2/1', '1/2/3/0', '1/2/3/1']);
  expect(await keys({ startafter: '1/2/3/1' })).toEqual([]);
  for (const [params, why] of [
    [{ start: '5' }, 'expected project/spider/job/number'],
    [{ start: '9/2/1/0' }, 'another project'],
  ] as const)
    await expect(keys(params)).rejects.toThrow(why);
  await expect(keys({ start: '1/9/1/0' }, 2)).rejects.toThrow('another spider');
});

it.each<[string | undefined, string | undefined, string]>([
  [undefined, undefined, 'jl'],
  [undefined, 'application/json', 'json'],
  [undefined, 'Application/X-MsgPack; q=1, */*', 'msgpack'],
  [undefined, 'text/xml', 'xml'],
  [undefined, '*/*', 'jl'],
  [undefined, 'constructor', 'jl'],
  [undefined, '', 'jl'],
  ['csv', 'application/json', 'csv'],
])('format %j and Accept %j give %s', (format, accept, name) => {
  expect(formatOf(format as 'csv' | undefined, accept)).toBe(name);
});

it.each(['yaml', 'constructor', '__proto__', 'JSON', ''])('there is no format %j', (format) => {
  expect(RecordParams.safeParse({ format }).error?.issues[0]?.message).toMatch(/^expected one of jl, jsonl/);
});

const render = (params: Record<string, string | string[]>, csvFields?: string[]) => {
  const asked = query(params);
  const rows = rowsOfJob(
    { streams: streamsOf(['{"a":"x,\\"y\\"","b":NaN}', '{"b":2}']) } as Parts,
    'items',
    JOB,
    asked,
  );
  return renderRows(rows, { ...asked, ...(csvFields && { csvFields }) });
};

it.each<[Record<string, string | string[]>, string]>([
  [{ format: 'jl' }, '{"a":"x,\\"y\\"","b":NaN}\n{"b":2}\n'],
  [{ format: 'json' }, '[{"a":"x,\\"y\\"","b":NaN},\n{"b":2}]'],
  [{ format: 'csv', fields: 'b,a' }, 'NaN,"x,""y"""\n2,\n'],
  [
    { format: 'csv', fields: ['b', 'a'], include_headers: '1', sep: ';', lineend: '\r\n' },
    'b;a\r\nNaN;"x,""y"""\r\n2;\r\n',
  ],
  [{ format: 'csv', fields: 'a', quote: "'" }, '\'x,"y"\'\n\n'],
  [{ format: 'jl', meta: '_key' }, '{"a":"x,\\"y\\"","b":NaN,"_key":"1/2/3/0"}\n{"b":2,"_key":"1/2/3/1"}\n'],
  [{ format: 'jl', meta: '_key', nodata: '1' }, '{"_key":"1/2/3/0"}\n{"_key":"1/2/3/1"}\n'],
])('%j is written as it should', async (params, text) => {
  expect((await textOf(render(params).source)).replaceAll(', "', ',"')).toBe(text);
});

it('CSV needs to know of which fields', () => {
  expect(() => render({ format: 'csv' })).toThrow('fields: is required for CSV');
  expect(() => render({ format: 'csv' }, ['a'])).not.toThrow();
});

it.each<[string | undefined, object]>([
  [undefined, {}],
  ['a b.json', { 'Content-Disposition': 'Attachment; filename="a b.json"' }],
  [
    'a"; x=\r\nSet-Cookie: y/../z',
    { 'Content-Disposition': 'Attachment; filename="a__ x___Set-Cookie_ y_.._z"' },
  ],
])('a file is called %j', (name, headers) => {
  expect(attachment(name)).toEqual(headers);
});

const read = <T extends z.ZodType>(schema: T, value: unknown) => {
  const parsed = z.object({ p: schema }).safeParse(value === undefined ? {} : { p: value });
  return parsed.success ? (parsed.data as { p: unknown }).p : parsed.error.issues[0]?.message;
};

it('a parameter that is given twice is the last, a list is all, a flag is a word', () => {
  expect(read(last, ['a', 'b'])).toBe('b');
  expect(read(many, ['a', 'b'])).toEqual(['a', 'b']);
  expect(read(many, 'a')).toEqual(['a']);
  expect(read(many, undefined)).toEqual([]);
  expect(['1', 'true', '0', '', undefined].map((word) => read(yes, word))).toEqual([
    true,
    true,
    false,
    false,
    false,
  ]);
});

it.each<[unknown, unknown]>([
  ['0', 0],
  ['999999999999999', 999_999_999_999_999],
  ['1000000000000000', 'expected a whole number'],
  ['-1', 'expected a whole number'],
  ['1.0', 'expected a whole number'],
  ['1e3', 'expected a whole number'],
  [' 1', 'expected a whole number'],
  ['', undefined],
  [undefined, undefined],
])('the number %j is %j', (text, value) => {
  expect(read(wholeNumber, text)).toEqual(value);
});

it.each<[string, unknown]>([
  ['-5', -5],
  ['1450000000000.25', 1_450_000_000_000.25],
  ['1e3', 'expected milliseconds since 1970'],
  ['NaN', 'expected milliseconds since 1970'],
])('the moment %j is %j', (text, value) => {
  expect(read(moment, text)).toEqual(value);
});
