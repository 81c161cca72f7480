import { badLine } from './bad-line.ts';
import { logicalLines } from './lines.ts';
import { type Requirement, readRequirement, writeRequirement } from './requirement.ts';

export type { Requirement } from './requirement.ts';

const MAX_REQUIREMENTS = 2000;

export interface RequirementRules {
  /** Takes only what the index has as wheels: nothing that would run a package's own code to build it. */
  wheelsOnly?: boolean;
}

/**
 * Reads a requirements file: names with extras, conditions, markers and hashes, and direct https URLs of public hosts.
 * Whatever else pip knows, options, files, other schemes, variables, is refused. Throws `invalid` with one sentence that
 * names the line.
 */
export function parseRequirements(
  file: string,
  { wheelsOnly = false }: RequirementRules = {},
): Requirement[] {
  const found = logicalLines(file).map(readRequirement);
  if (found.length > MAX_REQUIREMENTS) throw badLine(null, `more than ${MAX_REQUIREMENTS} requirements`);
  const direct = wheelsOnly ? found.find(({ url }) => url !== null) : undefined;
  if (direct) throw badLine(direct.line, 'URLs are not taken here, only wheels of the package index');
  return found;
}

/** A requirements file that says the same in our own words: pip never reads the deployer's. Empty when it wants nothing. */
export function writeRequirements(requirements: readonly Requirement[]): string {
  return requirements.map((requirement) => `${writeRequirement(requirement)}\n`).join('');
}
