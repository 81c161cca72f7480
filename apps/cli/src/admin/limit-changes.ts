import { JobPolicyChange, type LimitChange, RetentionChange } from '@spiderhub/core';
import { UserError } from '@spiderhub/hosting';
import type { z } from 'zod';
import { optional } from './options.ts';
import { positive } from './readers.ts';

/** Limits and policies that a project and a spider have. */
export const LIMITS = {
  'max-running': optional('NUMBER|none', (flag, text) => (text === 'none' ? null : positive(flag, text))),
  policy: optional('JSON', wordsOf(JobPolicyChange, '{"retryOn":["failed"],"maxAttempts":3}')),
  retention: optional('JSON', wordsOf(RetentionChange, '{"days":30,"count":1000,"keepTags":["keep"]}')),
};

/** A project's share of the slots beside other projects. */
export const weight = optional('NUMBER', (flag, text) => {
  const share = Number(text);
  if (!(share > 0 && share <= 1000)) throw new UserError(`${flag}: expected a number above 0, 1000 at most`);
  return share;
});

export interface LimitValues {
  'max-running': number | null | undefined;
  policy: JobPolicyChange | undefined;
  retention: RetentionChange | undefined;
  weight?: number | undefined;
}

/** What is not given stays as it is. */
export function changeOf({ 'max-running': maxRunning, weight, policy, retention }: LimitValues): LimitChange {
  return {
    ...(maxRunning !== undefined && { maxRunning }),
    ...(weight !== undefined && { weight }),
    ...(policy !== undefined && { policy }),
    ...(retention !== undefined && { retention }),
  };
}

/** Reads what a schema takes, written as JSON such as `example`. */
function wordsOf<S extends z.ZodType>(
  schema: S,
  example: string,
): (flag: string, text: string) => z.output<S> {
  return (flag, text) => {
    const result = schema.safeParse(parsed(flag, text, example));
    if (result.success) return result.data;
    const [issue] = result.error.issues;
    throw new UserError(`${flag}: ${issue?.path.join('.') ?? ''} ${issue?.message ?? 'is wrong'}`);
  };
}

function parsed(flag: string, text: string, example: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new UserError(`${flag}: expected JSON such as ${example}`);
  }
}
