const BROWSERS: readonly (readonly [RegExp, string])[] = [
  [/Edg\//, 'Edge'],
  [/OPR\//, 'Opera'],
  [/Firefox\//, 'Firefox'],
  [/Chrom(e|ium)\//, 'Chrome'],
  [/Safari\//, 'Safari'],
];
const SYSTEMS: readonly (readonly [RegExp, string])[] = [
  [/Android/, 'Android'],
  [/iPhone|iPad/, 'iOS'],
  [/Windows/, 'Windows'],
  [/Mac OS X/, 'macOS'],
  [/Linux/, 'Linux'],
];
const MAX_OTHER = 40;

/** A browser or another client in short: `Firefox on Linux`. What is no browser is cut and shown in its own words. */
export function programIn(words: string | null): string {
  if (words === null || words === '') return 'unknown';
  const browser = BROWSERS.find(([pattern]) => pattern.test(words))?.[1];
  const system = SYSTEMS.find(([pattern]) => pattern.test(words))?.[1];
  if (!browser) return words.slice(0, MAX_OTHER);
  return system ? `${browser} on ${system}` : browser;
}
