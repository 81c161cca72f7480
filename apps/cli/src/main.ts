#!/usr/bin/env node
import { DomainError } from '@spiderhub/core';
import { say, UserError } from '@spiderhub/hosting';
import { ConfigError } from '@spiderhub/platform';
import { readSettings } from './config.ts';

const USAGE = `spiderhub COMMAND

  up                     run everything on this machine, with a demo project
  dev                    the same from the sources: services start again when those change
  admin ...              organisations, projects, users, members and API keys
  migrate                bring the database to the newest schema
  services -- COMMAND    run a command beside a Postgres and a Redis of its own
  python FILE DIRECTORY  make a Python environment with the requirements in FILE, and print its interpreter`;

/** Each command is loaded when it is asked for. Returns the exit code. */
const COMMANDS: Record<string, (args: string[]) => Promise<number>> = {
  up: async () => (await import('./commands/up.ts')).up(readSettings(process.env)),
  dev: async () => (await import('./commands/dev.ts')).dev(readSettings(process.env)),
  admin: async (args) => (await import('./commands/admin.ts')).admin(readSettings(process.env), args),
  migrate: async () => (await import('./commands/migrate.ts')).migrateCommand(readSettings(process.env)),
  services: async (args) => {
    const command = args[0] === '--' ? args.slice(1) : args;
    return (await import('./commands/services.ts')).services(readSettings(process.env), command);
  },
  python: async (args) => (await import('./commands/python.ts')).python(args),
};

async function main([name = 'help', ...args]: string[]): Promise<number> {
  const command = COMMANDS[name];
  if (command) return command(args);
  say(USAGE);
  return name === 'help' || name === '--help' ? 0 : 2;
}

function explain(error: unknown): void {
  const forPeople =
    error instanceof UserError || error instanceof ConfigError || error instanceof DomainError;
  // A full disk or a folder that may not be written to: the sentence of the system names what and where.
  const ofTheSystem = (error as NodeJS.ErrnoException)?.syscall !== undefined;
  say(forPeople || ofTheSystem ? (error as Error).message : String((error as Error)?.stack ?? error));
}

void main(process.argv.slice(2))
  .catch((error: unknown) => {
    explain(error);
    return 1;
  })
  .then((code) => {
    process.exitCode = code;
  });
