/** An end that needs no stack trace: the message is one sentence for the person at the terminal. */
export class UserError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'UserError';
  }
}

/** Progress for people, on standard error: standard output belongs to what a command answers. */
export function say(line: string): void {
  process.stderr.write(`${line}\n`);
}

/** The last lines of a text, for "this is what it said". */
export function tail(text: string, lines = 15): string {
  return text.trimEnd().split('\n').slice(-lines).join('\n');
}
