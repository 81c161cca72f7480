import { bodyOf, draftOf, emptyDraft, jsonText } from './draft.ts';
import { curlLines, pythonLines, shellWord, shubLines } from './lines.ts';

const ORIGIN = 'http://127.0.0.1:8000';
const draft = {
  ...emptyDraft('books'),
  args: [
    { name: 'category', value: "children's" },
    { name: '', value: 'left out' },
  ],
  tags: 'daily, de daily',
  settings: [
    { name: 'LOG_LEVEL', value: 'DEBUG' },
    { name: 'BIG', value: '1152921504606846976' },
  ],
};

it.each([
  ['DEBUG', '"DEBUG"'],
  ['5', '5'],
  [' true ', 'true'],
  ['1152921504606846976', '1152921504606846976'],
  ['{"a": 1}', '{"a": 1}'],
  ['', '""'],
])('takes %j for the setting %s', (typed, json) => expect(jsonText(typed)).toBe(json));

it('makes the body of a call, without what was left empty', () => {
  expect(bodyOf(draft)).toEqual({
    spider: 'books',
    priority: 2,
    units: 1,
    args: [{ name: 'category', value: "children's" }],
    tags: ['daily', 'de'],
    version: null,
    settings: [
      { name: 'LOG_LEVEL', value: '"DEBUG"' },
      { name: 'BIG', value: '1152921504606846976' },
    ],
    environment: [],
  });
});

it('gives a job that runs again exactly the settings that it had', () => {
  const settings = [
    { name: 'A', value: '"5"' },
    { name: 'B', value: '5' },
    { name: 'C', value: '"words"' },
    { name: 'D', value: '1152921504606846976' },
  ];
  const again = { ...bodyOf(emptyDraft('books')), settings, command: null, environment: [] };
  expect(bodyOf(draftOf(again)).settings).toEqual(settings);
});

it.each([
  ['plain', 'plain'],
  ['two words', "'two words'"],
  ["it's", `'it'\\''s'`],
  ['$(reboot)', "'$(reboot)'"],
  ['', "''"],
])('quotes %j for a shell as %s', (text, word) => expect(shellWord(text)).toBe(word));

it('writes the call in three languages', () => {
  const curl = curlLines(ORIGIN, 1, draft);
  expect(curl).toContain(`--data-urlencode 'category=children'\\''s'`);
  expect(curl).toContain(`'job_settings={"LOG_LEVEL": "DEBUG", "BIG": 1152921504606846976}'`);
  expect(curl).toContain('/api/schedule.json');
  expect(shubLines(ORIGIN, 1, draft)).toContain('-t daily -t de -p 2 1/books');
  expect(pythonLines(ORIGIN, 1, draft)).toContain('.jobs.run("books", job_args={"category": "children\'s"}');
});
