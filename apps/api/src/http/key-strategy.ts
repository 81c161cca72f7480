import { type DomainError, type Principal, requestErrors } from '@spiderhub/core';
import type { Request } from 'express';
import { BasicStrategy } from 'passport-http';
import { type Credentials, readBasic } from './credentials.ts';
import { formKey } from './form.ts';
import { queryOf } from './params.ts';

export interface KeyStrategyOptions {
  realm: string;
  /** Null for credentials that are not valid. An error refuses the attempt. */
  verify: (req: Request, credentials: Credentials) => Promise<Principal | null>;
}

/**
 * HTTP Basic as API clients use it: the key is the user name and the password is empty, which passport-http itself
 * refuses. `?apikey=` is the same key in another place, and so is a form's `apikey` where there is no other.
 */
export class KeyStrategy extends BasicStrategy {
  // No `#private` fields: passport runs each request on Object.create(strategy), where they do not exist.
  private readonly options: KeyStrategyOptions;
  // What passport adds to the strategy of each request.
  declare success: (who: Principal) => void;
  declare fail: (challenge: string) => void;
  declare error: (error: Error) => void;

  constructor(options: KeyStrategyOptions) {
    super({ realm: options.realm }, () => {});
    this.name = 'key';
    this.options = options;
  }

  override authenticate(req: Request): void {
    const credentials = credentialsOf(req);
    if (credentials instanceof Error) this.error(credentials);
    else void this.check(req, credentials);
  }

  private async check(req: Request, shown: Credentials | null): Promise<void> {
    try {
      const credentials = shown ?? (await credentialsOfForm(req));
      const who = credentials && (await this.options.verify(req, credentials));
      if (who) this.success(who);
      else this.fail(this.challenge());
    } catch (error) {
      this.error(error as Error);
    }
  }

  private challenge(): string {
    return `Basic realm="${this.options.realm}"`;
  }
}

const MAX_USER = 200;

/** Null when there are none or nothing usable, an error when two places contradict each other. */
function credentialsOf(req: Request): Credentials | DomainError | null {
  const header = req.headers.authorization;
  const fromHeader = header === undefined ? null : readBasic(header);
  const apikey = req.url.includes('apikey=') ? queryOf(req).apikey : undefined;
  if (apikey === undefined) return usable(fromHeader);
  if (header === undefined && typeof apikey === 'string') return usable({ user: apikey, password: '' });
  if (fromHeader?.user === apikey) return usable(fromHeader);
  return requestErrors.invalid('apikey', 'differs from the key of the Authorization header');
}

/** A form is read for it only when there is no Authorization header, be it a wrong one. */
async function credentialsOfForm(req: Request): Promise<Credentials | null> {
  const apikey = req.headers.authorization === undefined ? await formKey(req) : undefined;
  return apikey === undefined ? null : usable({ user: apikey, password: '' });
}

function usable(credentials: Credentials | null): Credentials | null {
  return credentials && credentials.user !== '' && credentials.user.length <= MAX_USER ? credentials : null;
}
