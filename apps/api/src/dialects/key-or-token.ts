import type { PlainDialect } from './dialect.ts';

/** Of the dialects that crawls speak: who comes with a job's key brings its token, everybody else an API key. */
export const keyOrToken: Pick<PlainDialect, 'authenticate' | 'isSigned'> = {
  authenticate: ({ access, jobAccess }, { user, password }, from) =>
    isJob(user) ? jobAccess.authenticate(user, password) : access.authenticate(user, from),
  isSigned: ({ user }) => isJob(user),
};

/** A job's key has slashes, an API key never has. */
function isJob(user: string): boolean {
  return user.includes('/');
}
