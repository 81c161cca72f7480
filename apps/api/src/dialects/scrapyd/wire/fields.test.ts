import fc from 'fast-check';
import { addQuery, all, type Fields, optional, required, rest, unquote } from './fields.ts';
import { boundaryOf, parseMultipart } from './multipart.ts';

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
        const fields = parseMultipart(Buffer.concat([asFile, asText, Buffer.from('--x--\r\n')]), 'x');
        const same = (name: string) => fields?.get(name)?.[0]?.equals(Buffer.from(content));
        return Boolean(same('egg') && same('text'));
      }),
    );
  });

  it('is none without its boundary', () => {
    expect(parseMultipart(Buffer.from('no boundary at all'), 'x')).toBeNull();
    expect(boundaryOf('multipart/form-data')).toBeNull();
    expect(boundaryOf('multipart/form-data; charset=x; boundary="a b"')).toBe('a b');
    expect(boundaryOf('multipart/form-data;boundary=abc')).toBe('abc');
  });
});
