import { readableRequest } from './request-line.ts';

const readable = (text: string) => readableRequest(Buffer.from(text)).toString();

describe('a request that is read back', () => {
  it.each([
    ['{"url":"http://a","parent":null,"fp":null}', '{"url":"http://a"}'],
    ['{"parent": null, "url": "http://a", "rs": 12}', '{"url":"http://a","rs":12}'],
    [
      '{"fp":null,"time":1700000000000.25,"big":12345678901234567890}',
      '{"time":1700000000000.25,"big":12345678901234567890}',
    ],
    ['{"parent":null}', '{}'],
  ])('has no null parent and fingerprint: %s', (text, expected) => {
    expect(readable(text)).toBe(expected);
  });

  it.each([
    '{"url": "http://a", "parent": 3}',
    '{"url":"http://a/null","parent":0}',
    '{"url":null}',
    '{"parent":"null","fp":"null"}',
    '{"parent":null',
    'null',
  ])('is byte for byte what it was without them: %s', (text) => {
    expect(readable(text)).toBe(text);
  });
});
