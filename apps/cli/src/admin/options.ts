import { UserError } from '@spiderhub/hosting';

/** What the command line has for an option: nothing, the word or words behind it, or true for a switch. */
export type Word = string | boolean | (string | boolean)[] | undefined;

/** One option of a command, as data: from it come the usage, the check of what was typed and the value. */
export interface Option<T> {
  /** What stands for the value in the usage. Null for a switch, which has none. */
  placeholder: string | null;
  required: boolean;
  /** Whether it may be given several times. */
  repeats?: boolean;
  /** The value. Throws a UserError that begins with `flag`. */
  read(flag: string, word: Word): T;
}

/** Turns the word behind an option into its value, or throws a UserError that begins with the flag. */
export type Reader<T> = (flag: string, text: string) => T;

export function required<T>(placeholder: string, reader: Reader<T>): Option<T> {
  return {
    placeholder,
    required: true,
    read(flag, word) {
      if (typeof word !== 'string') throw new UserError(`${flag} is required`);
      return reader(flag, word);
    },
  };
}

export function optional<T>(placeholder: string, reader: Reader<T>): Option<T | undefined> {
  return {
    placeholder,
    required: false,
    read: (flag, word) => (typeof word === 'string' ? reader(flag, word) : undefined),
  };
}

/** An option that may be given several times: the values in their order, none when it is not given. */
export function repeated<T>(placeholder: string, reader: Reader<T>): Option<T[]> {
  return {
    placeholder,
    required: false,
    repeats: true,
    read: (flag, word) => {
      const words = word === undefined ? [] : [word].flat();
      return words.map((each) => reader(flag, String(each)));
    },
  };
}

/** An option without a value: false when it is not given. */
export const toggle: Option<boolean> = {
  placeholder: null,
  required: false,
  read: (_flag, word) => word === true,
};
