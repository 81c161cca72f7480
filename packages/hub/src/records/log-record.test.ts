import { logText, readLogRecord } from './log-record.ts';

const read = (text: string) => readLogRecord(Buffer.from(text));

describe('a log record', () => {
  it.each([
    ['{"time":1447082425000,"level":20,"message":"Spider opened"}', 20, 1_447_082_425_000, 'Spider opened'],
    ['{"message":"caf\\u00e9 \\"x\\"","level":40,"time":5.5}', 40, 5.5, 'café "x"'],
    ['{"message":"last","message":"one"}', 20, null, 'one'],
  ])('is read from %s', (text, level, time, message) => {
    expect(read(text)).toEqual({ level, time, message });
  });

  it.each([
    ['{}', { level: 20, time: null, message: '' }],
    ['no json', { level: 20, time: null, message: '' }],
    ['{"level":"high","time":"then","message":5}', { level: 20, time: null, message: '5' }],
    ['{"message":{"a": 1}}', { level: 20, time: null, message: '{"a": 1}' }],
  ])('that is not right has harmless defaults: %s', (text, record) => {
    expect(read(text)).toEqual(record);
  });

  it.each([
    [
      '{"time":1447082425123,"level":20,"message":"Spider opened"}',
      '2015-11-09T15:20:25 INFO Spider opened\n',
    ],
    ['{"time":1e300,"level":35,"message":"a\\nb"}', '1e+300 35 a\nb\n'],
    ['{}', '- INFO \n'],
  ])('is shown as a line: %s', (text, line) => {
    expect(logText(read(text))).toBe(line);
  });
});
