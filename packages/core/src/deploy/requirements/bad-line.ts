import { DomainError } from '../../errors.ts';

/** What is wrong with a requirements file, and on which of its lines; null for the whole. */
export function badLine(number: number | null, why: string): DomainError {
  const where = number === null ? '' : `line ${number}: `;
  return new DomainError('invalid', 'bad_requirements', `requirements: ${where}${why}`);
}

/** A text of the deployer's, as far as it can stand in a sentence. */
export function shown(text: string): string {
  return JSON.stringify(text.length > 80 ? `${text.slice(0, 80)}…` : text);
}
