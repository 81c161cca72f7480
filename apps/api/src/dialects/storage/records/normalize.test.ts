import { toRecord } from './normalize.ts';

const record = (stream: 'items' | 'logs' | 'requests' | 'samples', text: string) =>
  toRecord(stream, Buffer.from(text), 777).toString();

describe('a record that comes in', () => {
  it.each(['{"a":NaN,"a":2}', '{}', '{ "x" : 1 }'])('as an item stays as it is: %s', (text) => {
    expect(record('items', text)).toBe(text);
  });

  it.each([
    ['{"time":5,"level":20,"message":"x"}', '{"time":5,"level":20,"message":"x"}'],
    ['{"level":20,"message":"\\ud800","time":5}', '{"level":20,"message":"\\ud800","time":5}'],
    ['{"time":5,"level":20,"message":"x","idx":1}', '{"time":5,"level":20,"message":"x"}'],
    ['{"message":"x"}', '{"time":777,"level":20,"message":"x"}'],
    ['{"time":5,"level":20}', '{"time":5,"level":20,"message":""}'],
  ])('as a log has time, level and message: %s', (text, expected) =>
    expect(record('logs', text)).toBe(expected),
  );

  it.each([
    ['{"url":"u","parent":null,"fp":null}', '{"url":"u"}'],
    ['{"url":"null","parent":0}', '{"url":"null","parent":0}'],
    ['{"url":null,"parent":3,"fp":null}', '{"url":null,"parent":3}'],
  ])('as a request has no null parent and fingerprint: %s', (text, expected) =>
    expect(record('requests', text)).toBe(expected),
  );

  it('as a sample is an array', () => expect(record('samples', '[1,2]')).toBe('[1,2]'));

  it.each<['items' | 'logs' | 'requests' | 'samples', string]>([
    ['items', '[1]'],
    ['items', '{"a":1'],
    ['items', 'x'],
    ['logs', '"text"'],
    ['requests', '5'],
    ['samples', '{"a":1}'],
  ])('is refused: %s %s', (stream, text) => {
    expect(() => record(stream, text)).toThrow(expect.objectContaining({ kind: 'invalid' }));
  });
});
