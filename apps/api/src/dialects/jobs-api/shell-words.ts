import { requestErrors } from '@spiderhub/core';

const WORD_PARTS = /\s+|'([^']*)'|"((?:[^"\\]|\\[\s\S])*)"|\\([\s\S])|([^\s'"\\]+)/gy;

/**
 * Splits a command line into words as a POSIX shell would: quotes and backslashes, and nothing else. Nothing is
 * expanded and nothing is run. Throws `invalid` for an open quote.
 */
export function splitWords(text: string, field: string): string[] {
  const words: string[] = [];
  let word: string | null = null;
  let end = 0;
  for (const [all, single, double, escaped, plain] of text.matchAll(WORD_PARTS)) {
    end += all.length;
    const part = single ?? double?.replace(/\\(["\\$`])/g, '$1') ?? escaped ?? plain;
    if (part !== undefined) word = (word ?? '') + part;
    else if (word !== null) {
      words.push(word);
      word = null;
    }
  }
  if (end < text.length) throw requestErrors.invalid(field, 'has a quote that is not closed');
  if (word !== null) words.push(word);
  return words;
}
