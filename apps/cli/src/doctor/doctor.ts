import { UserError } from '@spiderhub/hosting';
import { printed } from '../admin/print.ts';
import type { CliConfig } from '../config.ts';
import { CHECKS } from './checks.ts';

/** What a look at one part found. `weak`: it works, but less well than it could. */
export interface Finding {
  state: 'ok' | 'weak' | 'broken';
  /** One sentence. */
  words: string;
  /** The command or the setting that mends it. */
  mend?: string | undefined;
}

/** Looks at one part of the installation. It may find several things; what it throws is a broken part. */
export interface Check {
  name: string;
  look(config: CliConfig): Promise<Finding[]>;
}

export const DOCTOR_USAGE = 'doctor';

/** `admin doctor`: whether this machine has what the service needs. Returns the exit code, 1 when something is broken. */
export async function doctor(config: CliConfig, args: readonly string[]): Promise<number> {
  const other = args.find((arg) => arg !== '--json');
  if (other !== undefined) throw new UserError(`doctor has no option ${other}`);
  const found = (await Promise.all(CHECKS.map((check) => findings(check, config)))).flat();
  process.stdout.write(`${printed(found, args.includes('--json'))}\n`);
  return found.some(({ state }) => state === 'broken') ? 1 : 0;
}

async function findings({ name, look }: Check, config: CliConfig) {
  const found = await look(config).catch((error: unknown): Finding[] => [
    { state: 'broken', words: (error as Error).message.split('\n', 1)[0] ?? '' },
  ]);
  return found.map(({ state, words, mend }) => ({ part: name, state, words, mend: mend ?? null }));
}
