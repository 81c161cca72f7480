import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { type IncomingHttpHeaders, request } from 'node:http';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createJobTokens, encodeJobAuth, type JobKey, parseJobKey } from '@spiderhub/core';
import { sharedSecret } from '@spiderhub/db';
import { eventually } from '@spiderhub/testkit';
import { type Service, startService } from '../../support/service.ts';
import { deployEgg, smallEgg } from '../../support/small-egg.ts';
import { makeTeam, type Team } from '../../support/team.ts';

/** The dialects by the path under which they lie, and `job`: what a crawl does from its inside. */
export type Door = 'api' | 'storage' | 'scrapyd' | 'job';

/** What one bad input, or a family of them, must come to. Rows that nothing serves yet say why they are not run. */
export type Row =
  | { row: number; what: string; doors: readonly Door[]; run: (stage: Stage, door: Door) => Promise<void> }
  | { row: number; what: string; absent: string };

export interface Ask {
  method?: string;
  /** Sent as it is: nobody resolves `..` or decodes anything before the service does. */
  path: string;
  /** Parameters, sent as a form. */
  form?: readonly (readonly [name: string, value: string])[] | Record<string, string>;
  body?: string | Buffer;
  headers?: Record<string, string | string[]>;
  /** Null: none. */
  key?: string | null;
  /** What a crawl wrote of itself, its own paths for example. */
  isOwn?: boolean;
}

export interface Answer {
  status: number;
  headers: IncomingHttpHeaders;
  text: string;
}

/** A running service with two tenants; everything that it answered to one test is kept, to be looked through. */
export class Stage {
  readonly answers: Answer[] = [];
  readonly service: Service;
  readonly other: Team;
  private readonly outside: string;
  private mayWrite = false;
  private readonly isBoxed: boolean;

  private constructor(service: Service, other: Team, outside: string, isBoxed: boolean) {
    this.isBoxed = isBoxed;
    this.service = service;
    this.other = other;
    this.outside = outside;
  }

  static async open(): Promise<Stage> {
    const outside = mkdtempSync(join(tmpdir(), 'sh-outside-'));
    const env = { TMPDIR: join(outside, 'tmp'), WORKER_SLOTS: '2', STOP_GRACE_SECONDS: '3' };
    mkdirSync(env.TMPDIR);
    const service = await startService({ workers: 1, env });
    const spider = 'import scrapy\nclass A(scrapy.Spider):\n    name = "a"\n    start_urls = []\n';
    const verdict = (await deployEgg(service, smallEgg(spider))).at(-1);
    if (!verdict?.includes('"ok"')) throw new Error(`not deployed: ${verdict}`);
    const ready = (await (await fetch(`${service.url}/readyz`)).json()) as { isolation?: { level: string } };
    const isBoxed = ready.isolation?.level === 'box';
    return new Stage(service, await makeTeam(service.db.database, 'globex'), outside, isBoxed);
  }

  async close(): Promise<void> {
    await this.service.stop();
    rmSync(this.outside, { recursive: true, force: true });
  }

  /** My project, and the name that Scrapyd's clients know it by. */
  get mine(): number {
    return this.service.team.project;
  }
  get myName(): string {
    return 'acme-project';
  }
  get theirs(): number {
    return this.other.project;
  }

  ask({
    method,
    path,
    form,
    body,
    headers = {},
    key = this.service.team.key,
    isOwn = false,
  }: Ask): Promise<Answer> {
    const text = form && new URLSearchParams(toPairs(form)).toString();
    const payload = text ?? body;
    const all: Record<string, string | string[]> = {
      ...(key !== null && { authorization: basic(`${key}:`) }),
      ...(text !== undefined && { 'content-type': 'application/x-www-form-urlencoded' }),
      ...headers,
    };
    const { hostname, port } = new URL(this.service.url);
    const verb = method ?? (payload === undefined ? 'GET' : 'POST');
    return new Promise((done, fail) => {
      // On a connection of its own: one whose last body was refused may be about to end.
      const sending = request({ hostname, port, path, method: verb, headers: all, agent: false }, (res) => {
        const pieces: Buffer[] = [];
        res.on('data', (piece: Buffer) => pieces.push(piece));
        res.on('error', fail);
        res.on('end', () => {
          const answer = {
            status: res.statusCode ?? 0,
            headers: res.headers,
            text: Buffer.concat(pieces).toString('utf8'),
          };
          if (!isOwn) this.answers.push(answer);
          done(answer);
        });
      });
      sending.on('error', fail);
      sending.end(payload);
    });
  }

  /** Bytes to the service's port as they are, and what comes back until the connection ends, or nothing comes for so long. */
  bytes(text: string | Buffer, waitMs = 20_000): Promise<string> {
    const { hostname, port } = new URL(this.service.url);
    return new Promise((done) => {
      let back = '';
      const socket = connect(Number(port), hostname, () => socket.write(text));
      socket.setTimeout(waitMs, () => socket.destroy());
      socket.on('data', (piece) => {
        back += piece.toString('latin1');
      });
      socket.on('error', () => {});
      socket.on('close', () => done(back));
    });
  }

  /** Asks and sees that it was refused, in the words of the dialect. */
  async refused(ask: Ask, statuses: readonly number[] = [400, 404, 405, 409, 413, 415]): Promise<Answer> {
    const answer = await this.ask(ask);
    // Scrapyd's words for everything; and a deploy of any kind, which tells of its progress before its verdict.
    const isScrapyd = /scrapyd\//.test(ask.path) && answer.status === 200;
    const where = `${ask.method ?? ''} ${ask.path.slice(0, 200)}: ${answer.status} ${answer.text.slice(0, 200)}`;
    if (isScrapyd && /"status": ?"error"/.test(answer.text)) return answer;
    if (isScrapyd || !statuses.includes(answer.status)) throw new Error(`not refused: ${where}`);
    return answer;
  }

  /** A job that another system runs, in any state; nothing of ours starts it. */
  async pushed(state: 'pending' | 'running' | 'finished' = 'finished', spider = 'a'): Promise<string> {
    const unique = Math.random().toString(36);
    const body = JSON.stringify({ spider, state, unique });
    const { text } = await this.ask({ path: `/storage/jobq/${this.mine}/push`, body });
    return (JSON.parse(text) as { key: string }).key;
  }

  /** The Authorization of a crawl for its own job. */
  async jobAuth(job: string): Promise<string> {
    const key = parseJobKey(job) as JobKey;
    const tokens = createJobTokens(await sharedSecret(this.service.db.database, 'job-token'));
    return `Basic ${Buffer.from(Buffer.from(encodeJobAuth(key, tokens.sign(key)), 'hex')).toString('base64')}`;
  }

  /** Deploys spiders, runs the one called `spider`, and gives what it came to. */
  async crawl(
    source: string,
    fields: Record<string, string> = {},
    settings = '',
  ): Promise<{ job: string; reason: string; log: string; items: string }> {
    const verdict = (await deployEgg(this.service, smallEgg(source, settings))).at(-1);
    if (!verdict?.includes('"ok"')) throw new Error(`not deployed: ${verdict}`);
    const form = { project: String(this.mine), spider: 'hostile', ...fields };
    const scheduled = await this.ask({ path: '/api/run.json', form });
    const { jobid } = JSON.parse(scheduled.text) as { jobid: string };
    return this.ended(jobid);
  }

  async ended(job: string): Promise<{ job: string; reason: string; log: string; items: string }> {
    const of = `project=${this.mine}&job=${job}`;
    const reason = await eventually(
      async () => {
        const { text } = await this.ask({ path: `/api/jobs/list.json?${of}` });
        const [found] = (JSON.parse(text) as { jobs: { state: string; close_reason?: string }[] }).jobs;
        if (found?.state !== 'finished') throw new Error(`${job} is ${found?.state}`);
        return found.close_reason ?? '';
      },
      { timeoutMs: 120_000, everyMs: 100 },
    );
    const [log, items] = await Promise.all(
      ['log.txt', 'items.jl'].map(
        async (path) => (await this.ask({ path: `/api/${path}?${of}`, isOwn: true })).text,
      ),
    );
    return { job, reason, log: log ?? '', items: items ?? '' };
  }

  /** Everything that the API or the worker logged. */
  log(of: 'api' | 'worker'): Promise<string> {
    return readFile(join(this.service.home, `${of}-${of === 'api' ? 0 : 1}.log`), 'utf8');
  }

  /** Asks for a path on so many connections, reads nothing beyond the beginning, and holds them. */
  async hang(path: string, times: number): Promise<{ heads: string[]; close(): void }> {
    const { hostname, port } = new URL(this.service.url);
    const head = `GET ${path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: ${basic(`${this.service.team.key}:`)}\r\n\r\n`;
    const sockets = Array.from({ length: times }, () => connect(Number(port), hostname));
    const heads = await Promise.all(
      sockets.map(async (socket) => {
        socket.on('error', () => {});
        socket.write(head);
        const [piece] = (await once(socket, 'data')) as [Buffer];
        socket.pause();
        return piece.toString('latin1').slice(0, 500);
      }),
    );
    return { heads, close: () => void sockets.map((socket) => socket.destroy()) };
  }

  eventually<T>(check: () => Promise<T>): Promise<T> {
    return eventually(check);
  }

  /** Nothing of an upload that was refused, or whose sender went away, lies about. */
  async noUploadsLeft(): Promise<void> {
    const uploads = join(this.service.home, 'tmp/uploads');
    await eventually(() => expect(readdirSync(uploads)).toEqual([]));
  }

  /** A row that only a box can pass: where the service says that it has none, what it wrote is forgiven. */
  onlyWhereBoxed(_what: string): void {
    this.mayWrite = !this.isBoxed;
  }

  /** What holds after every row, whatever was asked. */
  async stillStands(): Promise<void> {
    expect(this.service.api.child.exitCode).toBeNull();
    expect((await this.ask({ path: '/healthz', key: null })).status).toBe(200);
    // The worker gives its life signs, once it has a processor again, and the database, Redis and the disk answer.
    await eventually(async () =>
      expect((await this.ask({ path: '/readyz', key: null })).text).toContain('ok'),
    );
    for (const { headers, text, status } of this.answers.splice(0)) {
      expect({ status, id: headers['x-request-id'] }).toEqual({
        status,
        id: expect.stringMatching(/^[\w.-]+$/),
      });
      expect(text).not.toMatch(INSIDE);
      for (const secret of [this.service.home, CHECKOUT]) expect(text).not.toContain(secret);
    }
    if (!this.mayWrite) expect(this.written()).toEqual([]);
    this.mayWrite = false;
    for (const path of this.written()) rmSync(path, { recursive: true, force: true });
  }

  /** Everything of these rows that came to lie where it must not. */
  private written(): string[] {
    const { home } = this.service;
    const places = [
      this.outside,
      join(home, '..'),
      tmpdir(),
      CHECKOUT,
      '/',
      '/etc',
      '/etc/cron.d',
      '/var/tmp',
    ];
    const marked = places.flatMap((place) =>
      existsSync(place)
        ? readdirSync(place)
            .filter((name) => name.startsWith(MARK))
            .map((name) => join(place, name))
        : [],
    );
    const beside = readdirSync(this.outside).filter((name) => name !== 'tmp');
    return [...new Set([...marked, ...beside.map((name) => join(this.outside, name))])];
  }
}

export const CHECKOUT = resolve(__dirname, '../../..');
/** What the rows try to write is called so. */
export const MARK = `pwned-${process.pid}`;
/** Stacks and SQL. (Python's are those of an egg, for who deployed it.) */
const INSIDE = /\n {4}at |node_modules|\bselect\b[^"]{1,200}\bfrom\b|insert into|violates|syntax error at/;

export function basic(text: string): string {
  return `Basic ${Buffer.from(text).toString('base64')}`;
}

function toPairs(form: NonNullable<Ask['form']>): [string, string][] {
  const pairs = Array.isArray(form) ? form : Object.entries(form as Record<string, string>);
  return pairs.map(([name, value]) => [name, value]);
}

/** A multipart form. Values that are a Buffer go as a file. */
export function multipart(
  parts: readonly (readonly [name: string, value: string | Buffer, filename?: string])[],
): Pick<Ask, 'body' | 'headers'> {
  const pieces = parts.flatMap(([name, value, filename]) => {
    const file = typeof value === 'string' ? '' : `; filename="${filename ?? 'x.egg'}"`;
    const head = `--B\r\nContent-Disposition: form-data; name="${name}"${file}\r\n\r\n`;
    return [Buffer.from(head), Buffer.from(value), Buffer.from('\r\n')];
  });
  return {
    body: Buffer.concat([...pieces, Buffer.from('--B--\r\n')]),
    headers: { 'content-type': 'multipart/form-data; boundary=B' },
  };
}
