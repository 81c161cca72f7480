import { DomainError } from '@spiderhub/core';
import { parseParams } from './params.ts';

function kindOf(text: string): string {
  try {
    parseParams(text);
    return 'fine';
  } catch (error) {
    return error instanceof DomainError ? error.kind : 'bug';
  }
}

describe('parseParams', () => {
  it('keeps repeated names as lists and single ones as text', () => {
    expect({ ...parseParams('a=1&b=2&a=3&c=') }).toEqual({ a: ['1', '3'], b: '2', c: '' });
  });

  it('takes names literally: no brackets, no prototypes', () => {
    const params = parseParams('project[]=1&project[$ne]=2&__proto__=x&constructor=y&toString=z');
    expect(Object.getPrototypeOf(params)).toBeNull();
    expect(Object.keys(params)).toEqual([
      'project[]',
      'project[$ne]',
      '__proto__',
      'constructor',
      'toString',
    ]);
    expect(({} as { x?: string }).x).toBeUndefined();
  });

  it('reads far more than a thousand parameters', () => {
    const many = Array.from({ length: 5000 }, (_, i) => `job=1/1/${i + 1}`).join('&');
    expect(parseParams(many).job).toHaveLength(5000);
  });

  it('decodes once', () => {
    expect(parseParams('a=%252e+%C3%BC%2B').a).toBe('%2e ü+');
  });

  it.each([
    ['NUL', 'a=x%00y', 'invalid'],
    ['NUL in a name', 'a%00=1', 'invalid'],
    ['bytes that are not UTF-8', 'a=%ff%fe', 'invalid'],
    ['too many parameters', 'a=1&'.repeat(10_001), 'too_large'],
  ])('refuses %s', (_, text, kind) => {
    expect(kindOf(text)).toBe(kind);
  });

  it('accepts the replacement character from a caller who means it', () => {
    expect(parseParams('a=%EF%BF%BD').a).toBe('\ufffd');
  });
});
