/** What stands where a secret is not shown. */
export const MASK = '****';

/** Parts of a secret with several lines are masked one by one; those that say nothing are not. */
const SHORTEST_LINE = 8;

/** Hides secrets in a text: as they are, as they stand in an address, in JSON, and line by line. */
export function masking(secrets: Iterable<string>): (text: string) => string {
  const forms = [...secrets].flatMap(formsOf);
  // The longer first: one may hold another.
  const hidden = [...new Set(forms)].sort((a, b) => b.length - a.length);
  return (text) => hidden.reduce((shown, form) => shown.replaceAll(form, MASK), text);
}

function formsOf(secret: string): string[] {
  const lines = secret.split(/\r?\n/).filter((line) => line.length >= SHORTEST_LINE);
  return [secret, ...lines].flatMap((text) => [
    text,
    encodeURIComponent(text.replaceAll(/\p{Surrogate}/gu, '\ufffd')),
    JSON.stringify(text).slice(1, -1),
  ]);
}
