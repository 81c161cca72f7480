import type { Requirement } from '@spiderhub/core';

/** What a requirements.txt wants of Scrapy, a condition each: `['>=2.11', '<2.13']`. */
export type ScrapyRequirement = readonly string[];

const CONDITION = /(===?|~=|!=|<=|>=|<|>)\s*(\d+(?:\.\d+)*)(\.\*)?/g;

/** The conditions on Scrapy among requirements. Null when they name none, which any Scrapy meets. */
export function scrapyRequirement(requirements: readonly Requirement[]): ScrapyRequirement | null {
  const scrapy = requirements.find(
    ({ name, specifiers }) => name?.toLowerCase() === 'scrapy' && specifiers.length > 0,
  );
  return scrapy?.specifiers ?? null;
}

/**
 * Whether a series can give what is wanted. An exact version of it counts, as it is installed over the series' own with
 * companions that fit.
 */
export function admits(wanted: ScrapyRequirement, stack: { series: string; scrapy: string }): boolean {
  const have = numbers(stack.scrapy);
  return wanted.every((text) =>
    [...text.matchAll(CONDITION)].every(([, operator, version = '', star]) => {
      const asked = numbers(version);
      if (operator === '==' || operator === '===') return startsWith(have, star ? asked : asked.slice(0, 2));
      if (operator === '!=') return star ? !startsWith(have, asked) : compare(have, asked) !== 0;
      if (operator === '~=') return compare(have, asked) >= 0 && startsWith(have, asked.slice(0, -1));
      const order = compare(have, asked);
      return operator?.startsWith('<')
        ? order < 0 || (order === 0 && operator === '<=')
        : order > 0 || (order === 0 && operator === '>=');
    }),
  );
}

function numbers(version: string): number[] {
  return version.split('.').map(Number);
}

function startsWith(version: number[], prefix: number[]): boolean {
  return prefix.every((part, index) => (version[index] ?? 0) === part);
}

function compare(a: number[], b: number[]): number {
  for (let index = 0; index < Math.max(a.length, b.length); index++) {
    const difference = (a[index] ?? 0) - (b[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}
