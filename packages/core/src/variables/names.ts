import { requestErrors } from '../errors.ts';
import { checkText } from '../jobs/args.ts';

const NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;
const MAX_NAME = 128;
/** UTF-8 bytes of one value. Linux takes 128 KiB in one variable. */
export const MAX_VARIABLE_BYTES = 32 * 1024;
/** All values of a layer, bytes, and how many there are. */
export const MAX_LAYER_BYTES = 256 * 1024;
export const MAX_LAYER = 200;
/** Shorter ones would hide half of a text in which they are masked. */
const SHORTEST_SECRET = 4;

/** What decides which code a program runs, and what the service itself tells a crawl. */
const RESERVED = [
  /^(SHUB|SPIDERHUB|LD|DYLD)_/,
  /^PYTHON/,
  /^(PATH|HOME|TMPDIR|ENV|BASH_ENV|IFS|GCONV_PATH|GLIBC_TUNABLES|MALLOC_CONF)$/,
  /^SCRAPY_(SETTINGS_MODULE|PROJECT|PROJECT_ID|SPIDER|JOB)$/,
];

/** Whether a program's environment can hold a variable of this name. */
export function isVariableName(name: string): boolean {
  return NAME.test(name);
}

/** Whether the service decides its value alone. */
export function isReservedVariable(name: string): boolean {
  return RESERVED.some((pattern) => pattern.test(name));
}

/** Throws `invalid` for a name that a project's variable cannot have. */
export function checkVariableName(name: string): void {
  const shown = JSON.stringify(name.slice(0, MAX_NAME));
  if (!isVariableName(name) || name.length > MAX_NAME) {
    throw requestErrors.invalid(
      'name',
      `${shown} is no variable name: expected letters, digits and _, no digit first, ${MAX_NAME} characters at most`,
    );
  }
  if (isReservedVariable(name)) {
    throw requestErrors.invalid(
      'name',
      `${name} is reserved: SHUB_*, SPIDERHUB_*, PYTHON*, LD_*, PATH, HOME and the like are set by the service itself`,
    );
  }
}

/** Throws `invalid` that names the variable and does not show its value. */
export function checkVariable(name: string, value: string, secret: boolean): void {
  checkVariableName(name);
  checkText(name, value);
  const bytes = Buffer.byteLength(value);
  if (bytes > MAX_VARIABLE_BYTES)
    throw requestErrors.invalid(
      name,
      `${bytes} bytes are too much: a value has ${MAX_VARIABLE_BYTES} at most`,
    );
  if (secret && value.length < SHORTEST_SECRET)
    throw requestErrors.invalid(name, `a secret has at least ${SHORTEST_SECRET} characters`);
}
