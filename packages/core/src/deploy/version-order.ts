import { compare, valid } from '@renovatebot/pep440';

/** The name as a version number by PEP 440; null when it is none. */
function versionOf(name: string): string | null {
  return valid(name.trim());
}

/** Order of two version numbers by PEP 440: negative, zero or positive; null when one of them is not such a number. */
export function compareVersions(a: string, b: string): number | null {
  const [left, right] = [versionOf(a), versionOf(b)];
  return left !== null && right !== null ? compare(left, right) : null;
}

/**
 * Versions in the order that Scrapyd promises, the latest last: by PEP 440 where all names are such versions, by time
 * of deployment otherwise. `versions` come oldest deployment first, and stay so where two numbers count the same.
 */
export function inVersionOrder<T extends { name: string }>(versions: readonly T[]): T[] {
  if (versions.some(({ name }) => versionOf(name) === null)) return [...versions];
  return versions.toSorted((a, b) => compareVersions(a.name, b.name) ?? 0);
}
