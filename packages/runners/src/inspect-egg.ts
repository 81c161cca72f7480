import { randomBytes } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { constants } from 'node:os';
import { join } from 'node:path';
import {
  DomainError,
  type EggContents,
  type EggInspector,
  type EggToInspect,
  masking,
  NO_VARIABLES,
  parseRequirements,
  serviceErrors,
  turnstile,
} from '@spiderhub/core';
import { type Boxing, NO_BOXING } from '@spiderhub/isolation';
import { readSettingsModule, unpackEgg } from './eggs.ts';
import type { Environments } from './environments.ts';
import { importFailure, missingVariable, NO_ROOM } from './failure-words.ts';
import { removeTree } from './files.ts';
import { listSpiders } from './list-spiders.ts';
import type { ChildResult } from './run-child.ts';
import { badEgg } from './zip.ts';

const DEFAULT_TIMEOUT_MS = 60_000;

export interface EggInspectorOptions {
  environments: Environments;
  /** In which box projects are imported; without it with this user's rights. */
  boxing?: Boxing;
  /** Absolute path of `python/launcher`. */
  launcherDir: string;
  /** Where eggs are unpacked while they are looked at. */
  workDir: string;
  /** How long importing a project may take, ms. 60 seconds by default. */
  timeoutMs?: number;
  /** Inspections at the same time; others wait. Each may use a core and much memory. 2 by default. */
  atOnce?: number;
}

/** Looks into eggs by importing their projects in a child process with limits, as Scrapy itself would list them. */
export function createEggInspector(options: EggInspectorOptions): EggInspector {
  const pass = turnstile(options.atOnce ?? 2);
  return { inspect: (egg, log) => pass(() => inspectAside(egg, options, log)) };
}

async function inspectAside(
  egg: EggToInspect,
  options: EggInspectorOptions,
  log: (line: string) => void,
): Promise<EggContents> {
  const directory = join(options.workDir, `inspect-${randomBytes(8).toString('hex')}`);
  const mask = masking(secretsOf(egg));
  await mkdir(directory, { recursive: true, mode: 0o700 });
  try {
    return await inspectIn(directory, egg, options, (line) => log(mask(line)));
  } catch (error) {
    if (!(error instanceof DomainError)) throw error;
    throw new DomainError(error.kind, error.code, mask(error.message), { details: error.details });
  } finally {
    await removeTree(directory);
  }
}

function secretsOf({ variables = NO_VARIABLES }: EggToInspect): string[] {
  return variables.secrets.flatMap((name) => variables.values[name] ?? []);
}

async function inspectIn(
  directory: string,
  egg: EggToInspect,
  options: EggInspectorOptions,
  log: (line: string) => void,
): Promise<EggContents> {
  const eggs = await unpackAll(directory, [egg.eggPath, ...egg.extraEggPaths]);
  const settingsModule = await readSettingsModule(eggs[0] as string);
  log(`Settings module: ${settingsModule}`);
  const { values: variables } = egg.variables ?? NO_VARIABLES;
  const timeoutMs = options.timeoutMs ?? DEFAULT_TIMEOUT_MS;
  const listOn = async (stack: string | null): Promise<Listed> => {
    const environment = await options.environments.ensure({ ...egg, stack }, log);
    const listing = { ...environment, project: egg.project, eggs, settingsModule, variables };
    const run = await listSpiders(directory, listing, { boxing: NO_BOXING, ...options, timeoutMs });
    return { stack, ...readContents(run, timeoutMs) };
  };
  const kept = await listOn(stackOf(egg, options.environments));
  const found = (await outgrown(kept, egg, options, listOn)) ?? kept;
  const { spiders, scripts, warnings, stack } = found;
  if (stack !== kept.stack) {
    const idle = kept.notCalled.slice(0, 5).join(', ');
    log(`${kept.stack}, which the project had, would never start ${idle}: taking ${stack}`);
  }
  log(spiders.length > 0 ? `Spiders: ${spiders.join(', ')}` : 'The project has no spiders.');
  for (const warning of warnings) log(warning);
  return { spiders, scripts, settingsModule, stack };
}

type Listed = Found & { stack: string | null };

/**
 * What the current stack finds, where the project's own would let spiders do nothing and the current one none. Null
 * where a project is to keep what it has, or has named it.
 */
async function outgrown(
  { stack, notCalled }: Listed,
  egg: EggToInspect,
  { environments: { stacks } }: EggInspectorOptions,
  listOn: (stack: string | null) => Promise<Listed>,
): Promise<Listed | null> {
  const { current } = stacks;
  if (egg.stack !== null || notCalled.length === 0 || !current) return null;
  const wanted = parseRequirements(egg.requirements ?? '');
  if (stacks.fitting(stack, wanted) === stacks.fitting(current.name, wanted)) return null;
  // One that cannot even be imported there stays where it is.
  const newer = await listOn(current.name).catch(() => null);
  return newer?.notCalled.length === 0 ? newer : null;
}

/** What the deploy names, else what the project had, else the current one. An old name that is none is not kept. */
function stackOf({ stack, keptStack }: EggToInspect, { stacks }: Environments): string | null {
  if (stack !== null) return stacks.named(stack) && stack;
  const kept = keptStack ? stacks.find(keptStack) : null;
  return kept ? (keptStack as string) : (stacks.current?.name ?? null);
}

async function unpackAll(directory: string, paths: string[]): Promise<string[]> {
  const unpacked: string[] = [];
  for (const path of paths) {
    const parent = join(directory, String(unpacked.length));
    await mkdir(parent);
    unpacked.push(join(parent, await unpackEgg(path, parent)));
  }
  return unpacked;
}

interface Found extends Pick<EggContents, 'spiders' | 'scripts'> {
  warnings: string[];
  /** Spiders whose first method this Scrapy never calls. */
  notCalled: string[];
}

function readContents(run: ChildResult, timeoutMs: number): Found {
  if (run.stoppedFor !== null) throw failure(`importing the project ${run.stoppedFor}`, run.tail);
  if (run.timedOut) throw failure(`importing the project took more than ${timeoutMs / 1000} s`, run.tail);
  if (run.code !== 0 && NO_ROOM.test(run.tail)) throw serviceErrors.diskFull();
  if (run.code !== 0) {
    const words = [whyNot(run), missingVariable(run.tail) ?? ''].filter((text) => text !== '');
    throw badEgg(`the project cannot be imported\n${words.join('\n')}`);
  }
  if (run.result.length === 0)
    throw failure('the project ended its process before its spiders were listed', run.tail);
  const { spiders, scripts, warnings, notCalled } = parseContents(run);
  return {
    spiders: namesOf('spider', spiders, run),
    scripts: namesOf('script', scripts, run),
    warnings: linesOf(warnings),
    notCalled: linesOf(notCalled),
  };
}

/** Its last words; without any, how it ended: the numbers above 128 are those of signals. */
function whyNot({ code, tail }: ChildResult): string {
  const words = importFailure(tail);
  const signal = Object.entries(constants.signals).find(([, number]) => number + 128 === code)?.[0];
  if (signal === 'SIGKILL')
    return `it was killed (SIGKILL), perhaps since it took too much memory\n${words}`.trim();
  if (signal !== undefined) return `it was ended by ${signal}\n${words}`.trim();
  return words || `it ended with exit code ${code} and said nothing`;
}

function parseContents({ result, tail }: ChildResult): Record<keyof Found, unknown> {
  try {
    return Object(JSON.parse(result.toString('utf8')));
  } catch {
    throw unlisted(tail);
  }
}

const MAX_NAMES = 5000;
const MAX_NAME_CHARACTERS = 255;
/** Control characters, halves of characters, ends of lines. */
const UNPRINTABLE = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}]/u;

/** The project itself could have written anything here; names end up in URLs, command lines and other people's pages. */
function namesOf(what: 'spider' | 'script', value: unknown, { tail }: ChildResult): string[] {
  if (!Array.isArray(value) || !value.every((name) => typeof name === 'string')) throw unlisted(tail);
  if (value.length > MAX_NAMES) throw badEgg(`more than ${MAX_NAMES} ${what}s`);
  const bad = value.find((name) => !isName(name));
  if (bad !== undefined) {
    const shown = JSON.stringify(bad.slice(0, 100));
    throw badEgg(
      `${what} name ${shown}: expected 1 to ${MAX_NAME_CHARACTERS} printable characters, not only spaces`,
    );
  }
  return value;
}

const MAX_WARNINGS = 100;

/** Each on a line of its own, whatever the project wrote. */
function linesOf(value: unknown): string[] {
  const lines = Array.isArray(value) ? value.filter((line) => typeof line === 'string') : [];
  return lines.slice(0, MAX_WARNINGS).map((line) => line.replace(/\s+/g, ' ').slice(0, 1000));
}

function isName(name: string): boolean {
  return name.trim() !== '' && name.length <= MAX_NAME_CHARACTERS && !UNPRINTABLE.test(name);
}

function unlisted(tail: string): DomainError {
  return failure('the spiders cannot be listed', tail);
}

/** With the last words of the project, if there are any. */
function failure(what: string, tail: string): DomainError {
  return badEgg(tail === '' ? what : `${what}\n${tail}`);
}
