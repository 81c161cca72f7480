import {
  atHand,
  type CsvOptions,
  NO_META,
  type Row,
  toArray,
  toCsv,
  toLines,
  toMsgpack,
  toXml,
} from '@spiderhub/hub';
import { askPython, type Random, randomJson, randomObject, randomText, seeded } from './peer.ts';

/** Everything that Python's `csv` and ours may be told. */
const DIALECTS = [
  { sep: ',', quote: '"', more: {} },
  { sep: ';', quote: '"', more: {}, lineEnd: '\r\n' },
  { sep: '\t', quote: "'", more: {} },
  { sep: '|', quote: '"', more: { doublequote: false, escapechar: '\\' }, escapeWith: '\\' },
];

const rowsOf = (lines: readonly string[]): Row[] =>
  lines.map((line, i) => ({ line: Buffer.from(line), key: `1/1/1/${i}`, ts: i }));

async function written(pieces: AsyncIterable<string | Buffer>): Promise<string> {
  const all: Buffer[] = [];
  for await (const piece of pieces) all.push(Buffer.from(piece));
  return Buffer.concat(all).toString('base64');
}

function randomLines(random: Random, count: number): string[] {
  return Array.from({ length: count }, () => randomObject(random, 3));
}

const WRITERS = { jl: toLines, json: toArray, xml: toXml, msgpack: toMsgpack };

it.each(['jl', 'json', 'xml', 'msgpack'] as const)(
  'Python reads the records that were stored in %s',
  async (kind) => {
    const lines = randomLines(seeded(kind.length * 1000), 400);
    const text = await written(WRITERS[kind](atHand(rowsOf(lines)), NO_META));
    const [wrong = []] = await askPython<number[][]>('records', [{ kind, lines, written: text }]);
    expect(wrong.map((i) => lines[i])).toEqual([]);
  },
);

it('Python reads records in whichever lists they come', async () => {
  const random = seeded(77);
  const lines = randomLines(random, 60);
  const rows = rowsOf(lines);
  async function* inLists() {
    for (let at = 0; at < rows.length; ) {
      const size = random.below(7);
      yield rows.slice(at, at + size);
      at += size;
    }
  }
  const questions = await Promise.all(
    (['jl', 'json', 'xml', 'msgpack'] as const).map(async (kind) => ({
      kind,
      lines,
      written: await written(WRITERS[kind](inLists(), NO_META)),
    })),
  );
  expect(await askPython<number[][]>('records', questions)).toEqual([[], [], [], []]);
});

it.each(DIALECTS)(
  'Python reads the cells of CSV that are parted by %j',
  async ({ sep, quote, more, ...options }) => {
    const random = seeded(sep.charCodeAt(0));
    const fields = ['a', 'b', 'c'];
    // Python's reader cannot tell an escape from what it stands before when that was meant.
    const signs = [
      'a',
      ' ',
      sep,
      quote,
      '\n',
      '\r',
      'é',
      '🕷',
      '=',
      '-',
      '0',
      '"',
      "'",
      ...(more.escapechar ? [] : ['\\']),
    ];
    const values = Array.from({ length: 400 }, () =>
      fields.map(() => {
        const kind = random.below(4);
        if (kind === 0) return { raw: 'null', cell: '' };
        if (kind === 1) {
          const raw = random.pick(['0', '-1.50', '12345678901234567890', 'true', '1e5']);
          return { raw, cell: raw };
        }
        const text = randomText(random, 6, signs);
        return { raw: JSON.stringify(text), cell: text };
      }),
    );
    const lines = values.map((row) => `{${row.map(({ raw }, i) => `"${fields[i]}":${raw}`).join(', ')}}`);
    const how: CsvOptions = { fields, header: true, sep, quote, ...options };
    const text = await written(toCsv(atHand(rowsOf(lines)), how, NO_META));
    const cells = [fields, ...values.map((row) => row.map(({ cell }) => cell))];
    const question = { kind: 'csv', lines, written: text, how: { sep, quote, more }, cells };
    const [wrong = []] = await askPython<number[][]>('records', [question]);
    expect(wrong.map((i) => cells[i])).toEqual([]);
  },
);

it('writes lists and objects into a cell as the JSON that they were', async () => {
  const random = seeded(99);
  const raws = Array.from({ length: 200 }, () => randomJson(random)).filter((raw) => /^[[{]/.test(raw));
  const lines = raws.map((raw) => `{"a":${raw}}`);
  const text = await written(toCsv(atHand(rowsOf(lines)), { fields: ['a'], header: false }, NO_META));
  const question = {
    kind: 'csv',
    lines,
    written: text,
    how: { sep: ',', quote: '"', more: {} },
    cells: raws.map((raw) => [raw]),
  };
  expect(await askPython<number[][]>('records', [question])).toEqual([[]]);
});
