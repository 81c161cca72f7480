import { readFileSync } from 'node:fs';
import { parseEnv } from 'node:util';
import { COMMAND, type ListedVariable, MASK } from '@spiderhub/core';
import { UserError } from '@spiderhub/hosting';
import { command } from './command.ts';
import { optional, repeated, required, toggle } from './options.ts';
import { positive, someText } from './readers.ts';

const STDIN = 0;

/** What `--set` and `--secret` name; the value is null when standard input has it. */
type Assignment = [name: string, value: string | null];

export const PROJECT_ENV_COMMANDS = [
  // Without a change the variables are only shown.
  command(
    'project env',
    {
      id: required('NUMBER', positive),
      spider: optional('SPIDER', someText),
      set: repeated('NAME=VALUE', readAssignment),
      secret: repeated('NAME=VALUE|NAME', readAssignment),
      'set-from': optional('FILE|-', someText),
      'secret-from': optional('FILE|-', someText),
      remove: repeated('NAME', someText),
      'give-api-key': toggle,
      show: toggle,
    },
    async ({ id, spider = null, set, secret, remove, ...from }, { variables }) => {
      const words = {
        set: new Map([...fileOf(from['set-from']), ...set.map(withValue)]),
        secret: new Map([...fileOf(from['secret-from']), ...secret.map(withValue)]),
        remove,
      };
      if (words.set.size + words.secret.size + remove.length > 0)
        await variables.change(id, spider, words, COMMAND);
      if (from['give-api-key']) await variables.giveApiKey(id, spider, COMMAND);
      return (await variables.list(id)).filter((one) => spider === null || one.spider === spider).map(shown);
    },
  ),
];

function readAssignment(flag: string, text: string): Assignment {
  const at = text.indexOf('=');
  if (at === 0)
    throw new UserError(`${flag}: expected NAME=VALUE, or NAME alone when standard input has its value`);
  return at < 0 ? [text, null] : [text.slice(0, at), text.slice(at + 1)];
}

/** What is typed stands in the shell's history and in the list of processes: a value may come another way. */
function withValue([name, value]: Assignment): [string, string] {
  return [name, value ?? readText('-').replace(/\r?\n$/, '')];
}

/** Lines NAME=VALUE, as in .env files. */
function fileOf(path: string | undefined): [string, string][] {
  if (path === undefined) return [];
  return Object.entries(parseEnv(readText(path))).map(([name, value]) => [name, value ?? '']);
}

function readText(path: string): string {
  try {
    return readFileSync(path === '-' ? STDIN : path, 'utf8');
  } catch (error) {
    throw new UserError(
      `${path === '-' ? 'standard input' : path} cannot be read: ${(error as Error).message}`,
    );
  }
}

function shown({ spider, name, value, apiKey, changedAt, changedBy }: ListedVariable): object {
  return { spider, name, value: value ?? MASK, secret: value === null, apiKey, changedAt, changedBy };
}
