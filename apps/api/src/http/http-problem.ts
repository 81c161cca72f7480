import type { DomainError } from '@spiderhub/core';

/** What only HTTP knows: a wrong method, a media type, a host name. Everything else is a DomainError. */
export class HttpProblem extends Error {
  readonly status: number;
  readonly headers: Record<string, string>;
  /** The error of the core that it stands for. */
  readonly known: DomainError | null;

  constructor(
    status: number,
    message: string,
    headers: Record<string, string> = {},
    known: DomainError | null = null,
  ) {
    super(message);
    this.name = 'HttpProblem';
    this.status = status;
    this.headers = headers;
    this.known = known;
  }
}

/** Somebody else's page sent it. */
export class ForeignSite extends HttpProblem {
  constructor() {
    super(403, 'Requests of other web sites are refused');
  }
}
