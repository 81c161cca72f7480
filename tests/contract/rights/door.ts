import { type Access, createAccess, DomainError, type ErrorKind } from '@spiderhub/core';
import { createAccessStore, type Database } from '@spiderhub/db';

/** What the door has said to the requests since somebody asked last. */
export interface WatchedDoor {
  access: Access;
  open(database: Database): void;
  /** `passed`, the kind of the first refusal, or null when nobody asked. */
  verdict(): 'passed' | ErrorKind | null;
}

const QUESTIONS = ['may', 'mayIn', 'mayAnywhere', 'everywhere', 'organisations', 'account', 'reach'] as const;

/** The real door, and what it says. Its clock stands still, so that equal requests cost equally many statements. */
export function watchedDoor(): WatchedDoor {
  let real: Access | null = null;
  let said: 'passed' | ErrorKind | null = null;

  function note(error?: unknown): void {
    // The first question is the operation's own; later ones only find out what an answer may show.
    said ??= error instanceof DomainError ? error.kind : 'passed';
  }

  function watched(question: (...args: unknown[]) => unknown): (...args: unknown[]) => unknown {
    return (...args) => {
      try {
        const answer = question(...args);
        if (!(answer instanceof Promise)) {
          note();
          return answer;
        }
        return answer.then(
          (value) => {
            note();
            return value;
          },
          (error) => {
            note(error);
            throw error;
          },
        );
      } catch (error) {
        note(error);
        throw error;
      }
    };
  }

  const access = new Proxy({} as Access, {
    get(_, name: keyof Access) {
      const method = (...args: never[]) => ((real as Access)[name] as (...all: never[]) => unknown)(...args);
      return QUESTIONS.includes(name as never) ? watched(method as never) : method;
    },
  });
  return {
    access,
    open(database) {
      real = createAccess(createAccessStore(database), () => 0);
    },
    verdict() {
      const last = said;
      said = null;
      return last;
    },
  };
}
