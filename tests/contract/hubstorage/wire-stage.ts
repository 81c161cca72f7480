import { type Service, startService } from '../../support/service.ts';
import { makeTeam, type Team } from '../../support/team.ts';

interface Options extends RequestInit {
  key?: string | null;
  user?: [string, string];
}

/** For a file of tests: a service with two teams, spoken to without any client. */
export function wireStage() {
  let service: Service;
  let team: Team;
  let other: Team;

  beforeAll(async () => {
    service = await startService({ workers: 0, spiders: ['site'] });
    team = service.team;
    other = await makeTeam(service.db.database, 'other', ['site']);
    await service.db.database('projects').update({ paused: true });
  });
  afterAll(() => service?.stop());

  /** `fetch` without a media type, as the clients send storage bodies. */
  function call(
    path: string,
    { key = team.key, user, headers = {}, ...init }: Options = {},
  ): Promise<Response> {
    const [name, password] = user ?? [key, ''];
    const authorization =
      name === null
        ? {}
        : { authorization: `Basic ${Buffer.from(`${name}:${password}`).toString('base64')}` };
    const body = typeof init.body === 'string' ? Buffer.from(init.body) : init.body;
    return fetch(`${service.url}${path}`, {
      ...init,
      ...(body !== undefined && { body: body as NonNullable<RequestInit['body']> }),
      headers: { ...authorization, ...(headers as Record<string, string>) },
    });
  }

  async function post(
    path: string,
    body: string | Buffer,
    headers: Record<string, string> = {},
  ): Promise<Response> {
    const bytes = typeof body === 'string' ? Buffer.from(body) : body;
    return call(path, { method: 'POST', body: new Uint8Array(bytes), headers });
  }

  let serial = 0;
  /** A running job in our own hands, and its token. */
  async function push(state = 'running'): Promise<{ key: string; auth: string }> {
    serial += 1;
    const body = JSON.stringify({ spider: 'site', state, unique: String(serial) });
    return (await (await post(`/jobq/${team.project}/push`, body)).json()) as { key: string; auth: string };
  }

  async function jobWith(lines: string[], stream = 'items'): Promise<string> {
    const { key } = await push();
    const answer = await post(`/${stream}/${key}?start=0`, lines.join('\n'));
    if (answer.status !== 200) throw new Error(await answer.text());
    return key;
  }

  async function text(path: string, headers: Record<string, string> = {}): Promise<string> {
    return (await call(path, { headers: { 'accept-encoding': 'identity', ...headers } })).text();
  }

  return {
    get service() {
      return service;
    },
    get team() {
      return team;
    },
    get other() {
      return other;
    },
    call,
    post,
    push,
    jobWith,
    text,
  };
}
