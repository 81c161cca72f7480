import { parseArgs } from 'node:util';
import { UserError } from '@spiderhub/hosting';
import { DOCTOR_USAGE } from '../doctor/doctor.ts';
import { IMPORT_USAGE } from '../scrapyd-import/command.ts';
import { TAIL_USAGE } from '../tail/tail.ts';
import { type AdminAnswer, type AdminCommand, usageOf } from './command.ts';
import type { Word } from './options.ts';
import { ADMIN_COMMANDS } from './registry.ts';
import type { AdminStores } from './stores.ts';

/** What a command line asks for. */
export interface AdminRequest {
  work: (stores: AdminStores) => Promise<AdminAnswer>;
  /** The answer is for a script. */
  json: boolean;
}

/** Reads a command line. Throws a UserError when it is none: no such command, or a wrong option. */
export function readArguments(args: readonly string[]): AdminRequest {
  const { values, positionals } = parse(args);
  const command = ADMIN_COMMANDS.find(({ name }) => name === positionals.join(' '));
  if (!command) throw new UserError(adminUsage());
  const { json = false, ...words } = values;
  checkOptions(command, words);
  return { work: command.prepare(words), json: json === true };
}

/** An option of another command is a mistake: `project limits --name books` would limit the whole project. */
function checkOptions(command: AdminCommand, words: Record<string, Word>): void {
  const other = Object.keys(words).find((name) => !(name in command.options));
  if (other) throw new UserError(`--${other} is no option of this command: ${usageOf(command)}`);
}

/** The command whose name the line begins with. */
function namedFirst(args: readonly string[]): AdminCommand | undefined {
  const end = args.findIndex((word) => word.startsWith('-'));
  const words = end < 0 ? args : args.slice(0, end);
  return ADMIN_COMMANDS.find(({ name }) => name === words.join(' '));
}

function parse(args: readonly string[]) {
  const all = ADMIN_COMMANDS.flatMap(({ options }) => Object.entries(options));
  // One of another command may have the same name and be typed otherwise: the command's own come last, and count.
  const own = Object.entries(namedFirst(args)?.options ?? {});
  const options = Object.fromEntries(
    [...all, ...own].map(([name, option]) => {
      const type: 'boolean' | 'string' = option.placeholder === null ? 'boolean' : 'string';
      return [name, { type, multiple: option.repeats ?? false }];
    }),
  );
  try {
    const read = parseArgs({
      args: [...args],
      options: { ...options, json: { type: 'boolean' } },
      allowPositionals: true,
      strict: true,
    });
    return { values: read.values as Record<string, Word>, positionals: read.positionals };
  } catch (error) {
    throw new UserError(`${(error as Error).message}\n\n${adminUsage()}`);
  }
}

/** The help: every command as it is typed. */
export function adminUsage(): string {
  const lines = [...ADMIN_COMMANDS.map(usageOf), IMPORT_USAGE, TAIL_USAGE, DOCTOR_USAGE].map(
    (line) => `  ${line}`,
  );
  return `npm run admin -- COMMAND [--json]\n\n${lines.join('\n')}`;
}
