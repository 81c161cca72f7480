import fc from 'fast-check';
import { all, type Fields, optional, required, rest } from './fields.ts';
import { addForm, type FormReader } from './form-reader.ts';
import { boundaryOf, MultipartReader } from './multipart.ts';
import { addQuery, createUrlencodedReader, unquote } from './urlencoded.ts';

function fieldsOf(text: string): Fields {
  const fields: Fields = new Map();
  addQuery(fields, Buffer.from(text, 'latin1'));
  return fields;
}

describe('a form', () => {
  it('keeps names literally, first values, and blank ones', () => {
    const fields = fieldsOf('a[b]=1&a[b]=2&jobid=&alone&x=1;y=2&=z');
    expect(required(fields, 'a[b]')).toBe('1');
    expect(optional(fields, 'jobid')).toBe('');
    expect(rest(fields)).toEqual({ x: '1', y: '2', '': 'z' });
  });

  it('has every value of a name that is a list', () => {
    expect(all(fieldsOf('setting=A%3D1&setting=B+C'), 'setting')).toEqual(['A=1', 'B C']);
  });

  it('names what is missing or no text', () => {
    expect(() => required(fieldsOf('b=1'), 'project')).toThrow("'project' parameter is required");
    expect(() => required(fieldsOf('project=%c3'), 'project')).toThrow(
      "project is invalid: 'utf-8' codec can't decode byte 0xc3 in position 0: unexpected end of data",
    );
  });

  it('takes a field named __proto__ for what it is', () => {
    expect(Object.entries(rest(fieldsOf('__proto__=x')))).toEqual([['__proto__', 'x']]);
  });

  it('carries any bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (content) => {
        const escaped = [...content].map((byte) => `%${byte.toString(16).padStart(2, '0')}`).join('');
        return unquote(Buffer.from(escaped)).equals(Buffer.from(content));
      }),
    );
    expect(unquote(Buffer.from('100%+%zz%4')).toString()).toBe('100% %zz%4');
  });
});

describe('a multipart form', () => {
  function multipart(body: Buffer): Fields {
    const fields: Fields = new Map();
    addForm(fields, new MultipartReader('x'), body);
    return fields;
  }
  const part = (name: string, content: Uint8Array | string, more = '') =>
    Buffer.concat([
      Buffer.from(`--x\r\nContent-Disposition: form-data; name="${name}"${more}\r\n\r\n`),
      Buffer.from(content as string),
      Buffer.from('\r\n'),
    ]);

  it('carries any bytes, as a file or as a field, whatever charset it claims', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (content) => {
        const asFile = part('egg', content, '; filename="p.egg"\r\nContent-Type: application/octet-stream');
        const asText = part('text', content, '\r\nContent-Type: text/plain; charset=utf-8');
        const fields = multipart(Buffer.concat([asFile, asText, Buffer.from('--x--\r\n')]));
        const same = (name: string) => fields.get(name)?.[0]?.equals(Buffer.from(content));
        return Boolean(same('egg') && same('text'));
      }),
    );
  });

  it("takes no field's name from the name of a file", () => {
    const disposition = 'Content-Disposition: form-data; filename="a; name=b\\"; name=c"; name="egg"';
    const fields = multipart(Buffer.from(`--x\r\n${disposition}\r\n\r\n1\r\n--x--\r\n`));
    expect([...fields.keys()]).toEqual(['egg']);
  });

  it.each([
    ['lines end without a carriage return', '--x\n{a}\n\n1\n--x\n{b}\n\n2\n--x--\n', '1', '2'],
    ['lines end both ways', '--x\r\n{a}\r\n\n1\r\n\n--x \n{b}\n\r\n\n2\r\n--x--', '1\r\n', '\n2'],
    ['a value has no line of its own', '--x\r\n{a}\r\n\r\n--x\r\n{b}\r\n--x--\r\n', '', ''],
    ['the last delimiter is missing', '--x\r\n{a}\r\n\r\n1\r\n--x\r\n{b}\r\n\r\n2\r\n', '1', '2'],
    ['blanks are around the sign', '--x\r\n{a = "a"}\r\n\r\n1\r\n--x\r\n{b =b}\r\n\r\n2\r\n--x--', '1', '2'],
  ])('is read as in Scrapyd where %s', (_, form, a, b) => {
    const body = form.replace(/{(\w)(.*?)}/g, (__, name: string, more: string) => {
      return `Content-Disposition: form-data; ${more === '' ? `name="${name}"` : `name${more}`}`;
    });
    const fields = multipart(Buffer.from(body));
    expect([...fields].map(([name, values]) => [name, String(values)])).toEqual([
      ['a', a],
      ['b', b],
    ]);
  });

  it('is none without its boundary', () => {
    expect(() => multipart(Buffer.from('no boundary at all'))).toThrow('not a valid multipart form');
    expect(boundaryOf('multipart/form-data')).toBeNull();
    expect(boundaryOf('multipart/form-data; charset=x; boundary="a b"')).toBe('a b');
    expect(boundaryOf('multipart/form-data;boundary=abc')).toBe('abc');
    expect(boundaryOf('multipart/form-data; boundary = "abc"')).toBe('abc');
    expect(boundaryOf('multipart/form-data; a="; boundary=b"; boundary=abc')).toBe('abc');
  });
});

describe('a form that comes in pieces', () => {
  /** Names and values, whatever pieces they came in. */
  function read(reader: FormReader, pieces: Buffer[]): [string, string][] {
    const found: [string, string][] = [];
    const heard = [...pieces.flatMap((bytes) => [...reader.feed(bytes)]), ...reader.end()];
    for (const piece of heard) {
      const last = found.at(-1);
      if (typeof piece === 'string') found.push([piece, '']);
      else if (last) last[1] += piece.toString('latin1');
    }
    return found;
  }

  function cut(body: Buffer, lengths: number[]): Buffer[] {
    const pieces: Buffer[] = [];
    let at = 0;
    for (const length of lengths) {
      pieces.push(body.subarray(at, at + length));
      at += length;
    }
    return [...pieces, body.subarray(at)];
  }

  const lengths = fc.array(fc.nat(9), { maxLength: 60 });
  // Mostly what means something.
  const token = (...more: string[]) => fc.constantFrom('a', 'name="egg"', '\r', '\n', '\0', ...more);
  const text = (...more: string[]) =>
    fc.array(token(...more), { maxLength: 40 }).map((all) => Buffer.from(all.join(''), 'latin1'));

  it.each([
    [
      'a=%41%4&b=1;c&egg=x+y%',
      [
        ['a', 'A%4'],
        ['b', '1'],
        ['egg', 'x y%'],
      ],
    ],
    ['', []],
  ])('is %j in any pieces', (form, fields) => {
    for (let at = 0; at <= form.length; at++) {
      expect(read(createUrlencodedReader(), cut(Buffer.from(form), [at]))).toEqual(fields);
    }
  });

  it('means the same as in one piece', () => {
    const makers: [() => FormReader, fc.Arbitrary<Buffer>][] = [
      [createUrlencodedReader, text('%', '%4', '%41', '=', '&', ';', '+')],
      [
        () => new MultipartReader('x'),
        text(
          '--x',
          '\r\n--x',
          '\n--x\n',
          '\r\n--x\r\n',
          '\r\n\r\n',
          '\n\n',
          'Content-Disposition: form-data; name=b',
          '--',
        ).map((body) =>
          Buffer.concat([Buffer.from('--x\r\nContent-Disposition: form-data; name=a\r\n\r\n'), body]),
        ),
      ],
    ];
    for (const [make, bodies] of makers) {
      fc.assert(
        fc.property(bodies, lengths, (body, cuts) => {
          expect(read(make(), cut(body, cuts))).toEqual(read(make(), [body]));
        }),
        { numRuns: 1000 },
      );
    }
  });

  it('takes no longer for many short values than for one', () => {
    const fields: Fields = new Map();
    expect(() => addQuery(fields, Buffer.from(';a=1'.repeat(1_000_000)))).toThrow(
      'more than 10000 parameters',
    );
  });
});
