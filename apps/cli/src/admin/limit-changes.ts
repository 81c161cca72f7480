import { JobPolicyChange, type LimitChange } from '@spiderhub/core';
import { UserError } from '@spiderhub/hosting';
import { optional } from './options.ts';
import { positive } from './readers.ts';

/** Limits and policies that a project and a spider have. */
export const LIMITS = {
  'max-running': optional('NUMBER|none', (flag, text) => (text === 'none' ? null : positive(flag, text))),
  policy: optional('JSON', readPolicy),
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
  weight?: number | undefined;
}

/** What is not given stays as it is. */
export function changeOf({ 'max-running': maxRunning, weight, policy }: LimitValues): LimitChange {
  return {
    ...(maxRunning !== undefined && { maxRunning }),
    ...(weight !== undefined && { weight }),
    ...(policy !== undefined && { policy }),
  };
}

function readPolicy(flag: string, text: string): JobPolicyChange {
  const result = JobPolicyChange.safeParse(parsed(flag, text));
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  throw new UserError(`${flag}: ${issue?.path.join('.') ?? ''} ${issue?.message ?? 'is wrong'}`);
}

function parsed(flag: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new UserError(`${flag}: expected JSON such as {"retryOn":["failed"],"maxAttempts":3}`);
  }
}
