import type { Option, Word } from './options.ts';
import type { AdminStores } from './stores.ts';

/** What a command answers: one record, or a list. */
export type AdminAnswer = object | object[];

type Options = Record<string, Option<unknown>>;
/** The values of a command's options, by their names. */
type Values<O extends Options> = { [N in keyof O]: O[N] extends Option<infer T> ? T : never };

/** One command of `spiderhub admin`. */
export interface AdminCommand {
  /** `NOUN VERB`, as typed. */
  name: string;
  options: Options;
  /** Takes what was typed, or throws a UserError when that is wrong: before any database is needed. */
  prepare(words: Record<string, Word>): (stores: AdminStores) => Promise<AdminAnswer>;
}

/** A command whose `work` gets the values of its options, read and checked in the order in which they stand here. */
export function command<O extends Options>(
  name: string,
  options: O,
  work: (values: Values<O>, stores: AdminStores) => Promise<AdminAnswer>,
): AdminCommand {
  return {
    name,
    options,
    prepare(words) {
      const values = valuesOf(options, words);
      return (stores) => work(values, stores);
    },
  };
}

function valuesOf<O extends Options>(options: O, words: Record<string, Word>): Values<O> {
  const values = Object.entries(options).map(([name, option]) => [
    name,
    option.read(`--${name}`, words[name]),
  ]);
  return Object.fromEntries(values) as Values<O>;
}

/** How a command is typed: `project create --name NAME [--paused]`. */
export function usageOf({ name, options }: AdminCommand): string {
  const words = Object.entries(options).map(([option, { placeholder, required, repeats }]) => {
    const typed = placeholder === null ? `--${option}` : `--${option} ${placeholder}`;
    return required ? typed : `[${typed}]${repeats ? '...' : ''}`;
  });
  return [name, ...words].join(' ');
}

/** An answer that says whether the thing was made now or was there already. */
export function created<T extends object>(made: { value: T; created: boolean }): T & { created: boolean } {
  return { ...made.value, created: made.created };
}
