import type { z } from 'zod';

/** One or more variables are wrong; the message lists each on its own line, never their values. */
export class ConfigError extends Error {
  constructor(problems: readonly string[]) {
    super(`Bad configuration:\n${problems.map((problem) => `  ${problem}`).join('\n')}`);
    this.name = 'ConfigError';
  }
}

/**
 * Reads a process's configuration once and whole. Empty variables count as absent, so that `NAME=` in an env file
 * means the default. Throws ConfigError that names every bad variable.
 */
export function readConfig<S extends z.ZodType>(schema: S, env: NodeJS.ProcessEnv): z.output<S> {
  const given = withoutEmpty(env);
  const result = schema.safeParse(given);
  if (result.success) return result.data;
  throw new ConfigError(problems(result.error, given));
}

/** Throws one ConfigError with what is wrong for any of the schemas: for who starts processes that read them. */
export function checkConfigs(schemas: readonly z.ZodType[], env: NodeJS.ProcessEnv): void {
  const given = withoutEmpty(env);
  const results = schemas.map((schema) => schema.safeParse(given));
  const found = results.flatMap(({ error }) => (error ? problems(error, given) : []));
  if (found.length > 0) throw new ConfigError([...new Set(found)]);
}

/** `NAME=` means that there is no such variable. */
export function withoutEmpty(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(env).filter(([, value]) => value !== ''));
}

/** A number that is wrong in two ways is named once. */
function problems(error: z.ZodError, given: Record<string, unknown>): string[] {
  return [...new Set(error.issues.map((issue) => describeIssue(issue, given)))];
}

function describeIssue(issue: z.core.$ZodIssue, given: Record<string, unknown>): string {
  const name = String(issue.path[0] ?? '');
  return `${name || 'environment'}: ${name && !(name in given) ? 'is required' : issue.message}`;
}
