const MOST_STEPS = 20;

/** A browser that goes where it is sent: keeps cookies by host and path, and follows redirects one by one. */
export class Visitor {
  readonly #home: string;
  readonly #cookies = new Map<string, Map<string, { value: string; path: string }>>();

  constructor(home: string) {
    this.#home = home;
  }

  get(path: string): Promise<Response> {
    return this.#send(new URL(path, this.#home), {});
  }

  post(path: string, body: unknown, headers: Record<string, string> = {}): Promise<Response> {
    return this.send('POST', path, body, headers);
  }

  send(method: string, path: string, body: unknown, headers: Record<string, string> = {}): Promise<Response> {
    return this.#send(new URL(path, this.#home), {
      method,
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify(body),
    });
  }

  /** Follows redirects; the address of the page where they end, or the first one that begins with `until`, not asked for. */
  async follow(address: string, until?: string): Promise<string> {
    let at = new URL(address);
    for (let steps = 0; steps < MOST_STEPS; steps++) {
      if (until !== undefined && at.href.startsWith(until)) return at.href;
      const answer = await this.#send(at, { headers: { 'sec-fetch-mode': 'navigate' } });
      const location = answer.headers.get('location');
      if (location === null) {
        if (answer.status >= 400) throw new Error(`${at.href}: ${answer.status} ${await answer.text()}`);
        return at.href;
      }
      at = new URL(location, at);
      // The page that we are sent to is not there yet, and says nothing that matters here.
      if (at.origin === this.#home && !at.pathname.startsWith('/console/')) return at.href;
    }
    throw new Error(`more than ${MOST_STEPS} redirects from ${address}`);
  }

  cookie(name: string): string {
    return this.#jar(new URL(this.#home)).get(name)?.value ?? '';
  }

  plant(name: string, value: string): void {
    this.#jar(new URL(this.#home)).set(name, { value, path: '/' });
  }

  #jar({ host }: URL) {
    const jar = this.#cookies.get(host) ?? new Map<string, { value: string; path: string }>();
    this.#cookies.set(host, jar);
    return jar;
  }

  async #send(url: URL, init: RequestInit): Promise<Response> {
    const mine = [...this.#jar(url)].filter(([, { path }]) => url.pathname.startsWith(path));
    const cookie = mine.map(([name, { value }]) => `${name}=${value}`).join('; ');
    const answer = await fetch(url, {
      ...init,
      redirect: 'manual',
      headers: { ...(init.headers as Record<string, string>), ...(cookie && { cookie }) },
    });
    for (const line of answer.headers.getSetCookie()) this.#keep(url, line);
    return answer;
  }

  #keep(url: URL, line: string): void {
    const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
    const [, path = '/'] = /; path=([^;]+)/i.exec(line) ?? [];
    if (value === '' || /max-age=0/i.test(line)) this.#jar(url).delete(name);
    else this.#jar(url).set(name, { value, path });
  }
}
