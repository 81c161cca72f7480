import { type DestinationStream, type Logger, pino } from 'pino';

export type { Logger } from 'pino';

/** Where a secret may stand in what we log: headers of a request, query parameters, an error's details. */
const SECRET_FIELDS = [
  'authorization',
  'Authorization',
  'cookie',
  'apikey',
  'api_key',
  'jobToken',
  'password',
];

const REDACTED = SECRET_FIELDS.flatMap((field) => [field, `*.${field}`, `*.*.${field}`, `*.*.*.${field}`]);

export interface LoggerOptions {
  /** Name of the process: `api`, `worker`. */
  name: string;
  level: string;
  /** For tests: where lines go instead of standard output. */
  destination?: { write(line: string): void };
}

/** Lines go out together: a system call for each would cost a busy API more than making the line. */
const BUFFER_BYTES = 4096;
/** But none waits longer than this. What an ending process still holds is written when it exits. */
const FLUSH_MS = 50;

/** JSON lines on standard output, one for each event; keys and tokens never appear in them. */
export function createLogger({ name, level, destination }: LoggerOptions): Logger {
  const options = {
    name,
    level,
    timestamp: pino.stdTimeFunctions.isoTime,
    redact: { paths: REDACTED, censor: '[redacted]' },
  };
  return pino(options, destination ?? standardOutput());
}

function standardOutput(): DestinationStream {
  const output = pino.destination({ fd: process.stdout.fd, minLength: BUFFER_BYTES, sync: false });
  setInterval(() => output.flush(), FLUSH_MS).unref();
  return output;
}
