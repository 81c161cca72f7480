import type { ApiUnderTest } from '../../integration/api/support.ts';

export interface Answer {
  status: number;
  // biome-ignore lint/suspicious/noExplicitAny: JSON of any operation
  body: any;
  headers: Headers;
}

/** A browser as far as `/console` sees it: keeps cookies, and sends the token of its page with what it changes. */
export class Browser {
  readonly cookies = new Map<string, string>();
  csrfToken: string | null = null;
  readonly #base: string;
  readonly #headers: Record<string, string>;

  constructor(api: ApiUnderTest, headers: Record<string, string> = {}) {
    const address = api.server.address();
    if (address === null || typeof address === 'string') throw new Error('the API does not listen');
    this.#base = `http://127.0.0.1:${address.port}`;
    this.#headers = headers;
  }

  async send(
    method: string,
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ): Promise<Answer> {
    const cookie = [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const response = await fetch(`${this.#base}/console${path}`, {
      method,
      redirect: 'error',
      headers: {
        ...(cookie && { cookie }),
        ...(this.csrfToken !== null && { 'x-csrf-token': this.csrfToken }),
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...this.#headers,
        ...headers,
      },
      ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    for (const line of response.headers.getSetCookie()) this.#keep(line);
    return { status: response.status, body: await response.json(), headers: response.headers };
  }

  #keep(line: string): void {
    const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
    if (value === '') this.cookies.delete(name);
    else this.cookies.set(name, value);
  }

  get(path: string): Promise<Answer> {
    return this.send('GET', path);
  }

  /** Signs in by name and password, or by the token of a link. */
  async signIn(credentials: { name: string; password: string } | { token: string }): Promise<Answer> {
    const answer = await this.send('POST', '/session', credentials);
    if (answer.status === 200) this.csrfToken = answer.body.csrfToken;
    return answer;
  }
}

/** Credentials of a key as a header. */
export function withKey(key: string): Record<string, string> {
  return { authorization: `Basic ${Buffer.from(`${key}:`).toString('base64')}` };
}
