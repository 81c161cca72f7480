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
    [
      '{ "time" : 1.5e3, "level" : -1, "message" : "\\u0041" }',
      '{ "time" : 1.5e3, "level" : -1, "message" : "\\u0041" }',
    ],
    ['{"time":5,"level":20,"message":"x","level":30}', '{"time":5,"level":30,"message":"x"}'],
  ])('as a log has time, level and message: %s', (text, expected) =>
    expect(record('logs', text)).toBe(expected),
  );

  it.each([
    ['40', '40'],
    ['12.5', '12.5'],
    ['"40"', '40'],
    ['" 40 "', '40'],
    ['"ERROR"', '40'],
    ['"\\u0065rror"', '40'],
    ['"warn"', '30'],
    ['"Warning"', '30'],
    ['"FATAL"', '50'],
    ['"critical"', '50'],
    ['"debug"', '10'],
    ['"NOTSET"', '0'],
    ['"loud"', '20'],
    ['"constructor"', '20'],
    ['""', '20'],
    ['"0x28"', '20'],
    ['NaN', '20'],
    ['Infinity', '20'],
    ['1e999', '20'],
    ['"1e999"', '20'],
    ['null', '20'],
    ['true', '20'],
    ['[40]', '20'],
    ['{"level":40}', '20'],
  ])('as a log has a level that is a number: %s', (level, expected) =>
    expect(record('logs', `{"time":5,"level":${level},"message":"x"}`)).toBe(
      `{"time":5,"level":${expected},"message":"x"}`,
    ),
  );

  it.each([
    ['1700000000000', '1700000000000'],
    ['1700000000000.25', '1700000000000.25'],
    ['"1700000000000"', '1700000000000'],
    ['"x"', '777'],
    ['"2026-01-01T00:00:00"', '777'],
    ['NaN', '777'],
    ['null', '777'],
    ['[]', '777'],
    ['1'.repeat(400), '777'],
  ])('as a log has a time that is a number: %s', (time, expected) =>
    expect(record('logs', `{"time":${time},"level":20,"message":"x"}`)).toBe(
      `{"time":${expected},"level":20,"message":"x"}`,
    ),
  );

  it.each([
    ['"\\ud800 \\u017c"', '"\\ud800 \\u017c"'],
    ['null', '""'],
    ['5', '"5"'],
    ['12345678901234567890', '"12345678901234567890"'],
    ['NaN', '"NaN"'],
    ['{"a":"b"}', '"{\\"a\\":\\"b\\"}"'],
    ['["ż"]', '"[\\"ż\\"]"'],
  ])('as a log has a message that is text: %s', (message, expected) =>
    expect(record('logs', `{"time":5,"level":20,"message":${message},"extra":1}`)).toBe(
      `{"time":5,"level":20,"message":${expected}}`,
    ),
  );

  it('as a log keeps the bytes of its message, whatever else is mended', () => {
    const kept = record('logs', '{"level":"40","message":"\\ud800 \\u00e9 é"}');
    expect(kept).toBe('{"time":777,"level":40,"message":"\\ud800 \\u00e9 é"}');
  });

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
