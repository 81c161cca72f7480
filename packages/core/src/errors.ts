/** What a caller can do about an error; each dialect maps the kind to its own status and words. */
export type ErrorKind =
  | 'invalid'
  | 'unauthenticated'
  | 'forbidden'
  | 'not_found'
  | 'conflict'
  | 'too_large'
  | 'exhausted'
  | 'unavailable';

interface ErrorContext {
  /** For the log only: the underlying error. */
  cause?: unknown;
  /** For the log only: fields that help to find the case again. */
  details?: Record<string, unknown>;
}

/** The one error type that callers may see: `message` is for them, `cause` and `details` are for the log. */
export class DomainError extends Error {
  readonly kind: ErrorKind;
  /** Stable snake_case word that programs may compare. */
  readonly code: string;
  readonly details: Record<string, unknown>;

  constructor(kind: ErrorKind, code: string, message: string, context: ErrorContext = {}) {
    super(message, context.cause === undefined ? undefined : { cause: context.cause });
    this.name = 'DomainError';
    this.kind = kind;
    this.code = code;
    this.details = context.details ?? {};
  }
}

export const requestErrors = {
  /** `field` comes first in the message, so that a person sees at once what to mend. */
  invalid: (field: string, why: string) =>
    new DomainError('invalid', 'invalid_parameter', `${field}: ${why}`, { details: { field } }),
};

export const accessErrors = {
  unauthenticated: () => new DomainError('unauthenticated', 'authentication_failed', 'Authentication failed'),
  forbidden: (what: string) => new DomainError('forbidden', 'forbidden', what),
  projectNotFound: (project: number | string) =>
    new DomainError('not_found', 'project_not_found', `project: ${project} not found`, {
      details: { project },
    }),
};

export const jobErrors = {
  notFound: (key: string) =>
    new DomainError('not_found', 'job_not_found', `job ${key} not found`, { details: { key } }),
  alreadyScheduled: (spider: string) =>
    new DomainError('conflict', 'already_scheduled', `${spider} already scheduled`, { details: { spider } }),
  spiderNotFound: (spider: string | number) =>
    new DomainError('not_found', 'spider_not_found', `spider: ${spider} not found`, { details: { spider } }),
  tooManyTags: (key: string, most: number) =>
    new DomainError('invalid', 'too_many_tags', `tags: job ${key} would have more than ${most}`, {
      details: { key },
    }),
  noFilter: () =>
    new DomainError('invalid', 'no_filter', 'job: at least one filter beside project is required', {
      details: {},
    }),
};

export const accountErrors = {
  notFound: (what: 'organisation' | 'user' | 'key' | 'network' | 'session' | 'invitation', name: string) =>
    new DomainError('not_found', `${what}_not_found`, `${what}: ${name} not found`),
  networkElsewhere: (network: string) =>
    new DomainError('conflict', 'network_exists', `network ${network} belongs to another organisation`),
  wrongPassword: () =>
    new DomainError('unauthenticated', 'wrong_password', 'There is no such name with this password'),
  tooManyTries: (retryAfterSeconds: number) =>
    new DomainError('exhausted', 'too_many_failures', 'Too many failed attempts, try again later', {
      details: { retryAfterSeconds },
    }),
  /** One answer for links that never were, were used and are too old. */
  badLink: () =>
    new DomainError(
      'not_found',
      'link_not_found',
      'This link was used already, is too old, or never was one',
    ),
  emailTaken: () =>
    new DomainError('conflict', 'email_taken', 'email: somebody else has this address already'),
  identityTaken: () =>
    new DomainError('conflict', 'identity_taken', 'Somebody else signs in with this identity already'),
  noMail: () => new DomainError('conflict', 'no_mail', 'This service sends no mail: ask an admin for a link'),
  nameTaken: (what: string, name: string) =>
    new DomainError('conflict', 'name_taken', `name: there is ${what} called ${name} already`),
  lastOwner: () =>
    new DomainError('conflict', 'last_owner', 'The last owner stays: make another owner first'),
  mightier: () =>
    new DomainError(
      'forbidden',
      'forbidden',
      'Only who is as much oneself may give, change or end this role',
    ),
  memberNotFound: (user: number) =>
    new DomainError('not_found', 'member_not_found', `user: ${user} not found`, { details: { user } }),
  scrapydUserElsewhere: (username: string) =>
    new DomainError('conflict', 'user_exists', `scrapyd user ${username} belongs to another organisation`),
};

export const collectionErrors = {
  notFound: (name: string) =>
    new DomainError('not_found', 'collection_not_found', `collection ${name} not found`),
  exists: (name: string) =>
    new DomainError('conflict', 'collection_exists', `collection ${name} exists already`),
};

export const commentErrors = {
  notFound: (id: number) => new DomainError('not_found', 'comment_not_found', `comment ${id} not found`),
  notTheAuthor: () => new DomainError('forbidden', 'not_the_author', 'only its author may change a comment'),
};

export const eggErrors = {
  notFound: (name: string) => new DomainError('not_found', 'egg_not_found', `egg ${name} not found`),
};

export const releaseErrors = {
  notFound: () => new DomainError('not_found', 'release_not_found', 'release not found'),
};

export const serviceErrors = {
  /** `refused`: the server turned everybody away at that moment; otherwise perhaps only we could not reach it. */
  unavailable: (what: string, cause?: unknown, refused = false) =>
    new DomainError('unavailable', 'unavailable', `${what} is not available, try again later`, {
      cause,
      details: { refused },
    }),
  /** On a disk of ours, whoever filled it. */
  diskFull: (cause?: unknown) =>
    new DomainError('unavailable', 'disk_full', 'there is no room left on the disk, try again later', {
      cause,
    }),
};

/** True when a server turned everybody away, as opposed to a time-out that may be ours alone. */
export function isRefused(error: unknown): boolean {
  return error instanceof DomainError && error.kind === 'unavailable' && error.details.refused === true;
}
