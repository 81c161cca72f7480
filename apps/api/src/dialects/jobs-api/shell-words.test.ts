import { splitWords } from './shell-words.ts';

describe('splitWords', () => {
  it.each([
    ['', []],
    ['  a  b\tc\n', ['a', 'b', 'c']],
    [`--name='it is' "a \\"b\\" \\n $HOME"`, ['--name=it is', 'a "b" \\n $HOME']],
    [`a\\ b 'c'"d"e ''`, ['a b', 'cde', '']],
    ['$(id) `id` ; rm -rf * | x > y', ['$(id)', '`id`', ';', 'rm', '-rf', '*', '|', 'x', '>', 'y']],
  ])('splits %j', (text, words) => {
    expect(splitWords(text, 'cmd_args')).toEqual(words);
  });

  it.each([`'open`, `"open`, 'end\\'])('refuses %j', (text) => {
    expect(() => splitWords(text, 'cmd_args')).toThrow('cmd_args');
  });

  it('is quick for hostile text', () => {
    expect(splitWords(`${'"" '.repeat(50_000)}x`, 'cmd_args')).toHaveLength(50_001);
    expect(() => splitWords(`"${'\\"'.repeat(50_000)}`, 'cmd_args')).toThrow('not closed');
  });
});
