import { JobPolicyChange, type LimitChange } from '@spiderhub/core';
import { UserError } from '@spiderhub/hosting';
import type { AdminAction, AdminFlags } from './actions.ts';

const USAGE = '[--max-running NUMBER|none] [--policy JSON]';

/** Limits and policies; without a change they are only shown. */
export const LIMIT_ACTIONS: Record<string, AdminAction> = {
  'project limits': {
    usage: `--id NUMBER ${USAGE} [--weight NUMBER]`,
    run: (_store, flags, { limits }) => limits.change(numberOf('--id', flags.id), null, changeOf(flags)),
  },
  'spider limits': {
    usage: `--project NUMBER --name SPIDER ${USAGE}`,
    run: (_store, flags, { limits }) => {
      if (!flags.name) throw new UserError('--name is required');
      if (flags.weight !== undefined) throw new UserError('--weight is for projects');
      return limits.change(numberOf('--project', flags.project), flags.name, changeOf(flags));
    },
  },
};

function changeOf(flags: AdminFlags): LimitChange {
  const maxRunning = flags['max-running'];
  return {
    ...(maxRunning !== undefined && {
      maxRunning: maxRunning === 'none' ? null : numberOf('--max-running', maxRunning),
    }),
    ...(flags.weight !== undefined && { weight: weightOf(flags.weight) }),
    ...(flags.policy !== undefined && { policy: policyOf(flags.policy) }),
  };
}

function numberOf(flag: string, text: string | undefined): number {
  if (text === undefined) throw new UserError(`${flag} is required`);
  if (!/^[1-9][0-9]{0,8}$/.test(text))
    throw new UserError(`${flag}: expected a whole number, 1 to 999999999`);
  return Number(text);
}

function weightOf(text: string): number {
  const weight = Number(text);
  if (!(weight > 0 && weight <= 1000))
    throw new UserError('--weight: expected a number above 0, 1000 at most');
  return weight;
}

function policyOf(text: string): JobPolicyChange {
  const result = JobPolicyChange.safeParse(parsed(text));
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  throw new UserError(`--policy: ${issue?.path.join('.') ?? ''} ${issue?.message ?? 'is wrong'}`);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new UserError(`--policy: expected JSON such as {"retryOn":["failed"],"maxAttempts":3}`);
  }
}
