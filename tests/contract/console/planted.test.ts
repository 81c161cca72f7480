import { readdirSync, readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { newSecretKey } from '@spiderhub/core';
import { type Service, startService } from '../../support/service.ts';
import { admin } from './commands.ts';

const PLANTED = {
  password: 'planted password of ann 7c1e',
  other: 'another planted password 91ab',
  wrong: 'a planted wrong password 3d55',
  scrapyd: 'planted-scrapyd-password-52ee',
  variable: 'planted-variable-0b7d61',
  typed: 'planted-typed-variable-9c02e7',
  hidden: 'planted-hidden-setting-6d18fa',
  setting: 'planted-setting-44a9c2',
  argument: 'planted-argument-e01f37',
  own: 'planted-key-of-ones-own-5f2a',
};

let service: Service;
let isWatching = true;
const commandLines = new Set<string>();

beforeAll(async () => {
  service = await startService({ workers: 0, spiders: ['a'], env: { SECRETS_KEY: newSecretKey() } });
});
afterAll(() => service?.stop());

/** What everybody on this machine sees of the processes that run. */
async function watchProcesses(): Promise<void> {
  while (isWatching) {
    for (const entry of readdirSync('/proc')) {
      if (!/^\d+$/.test(entry)) continue;
      try {
        commandLines.add(readFileSync(`/proc/${entry}/cmdline`, 'latin1'));
      } catch {
        // It is gone by now.
      }
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** Everything in the database as text, and where it is bytes, as they are. */
async function dump(): Promise<string> {
  const { database } = service.db;
  const { rows } = await database.raw<{ rows: { name: string }[] }>(
    `select c.relname as name from pg_class c where c.relnamespace = 'public'::regnamespace and c.relkind = 'r'`,
  );
  const parts: string[] = [];
  for (const { name } of rows) {
    const { rows: lines } = await database.raw(`select t::text as line from "${name}" t`);
    parts.push(...lines.map(({ line }: { line: string }) => line));
  }
  const text = parts.join('\n');
  const bytes = [...text.matchAll(/\\x([0-9a-f]+)/g)].map(([, hex = '']) =>
    Buffer.from(hex, 'hex').toString('latin1'),
  );
  return `${text}\n${bytes.join('\n')}`;
}

async function logs(): Promise<string> {
  const files = readdirSync(service.home).filter((name) => name.endsWith('.log'));
  return (await Promise.all(files.map((name) => readFile(join(service.home, name), 'utf8')))).join('\n');
}

/** As it stands somewhere, or as something that it is made of would show it. */
function waysToWrite(secret: string): string[] {
  const bytes = Buffer.from(secret);
  return [
    secret,
    bytes.toString('hex'),
    bytes.toString('base64').replace(/=+$/, ''),
    encodeURIComponent(secret),
  ];
}

class Person {
  cookie = '';
  csrf = '';

  // biome-ignore lint/suspicious/noExplicitAny: JSON of any operation
  async send(method: string, path: string, body?: unknown): Promise<any> {
    const response = await fetch(`${service.url}/console${path}`, {
      method,
      headers: {
        ...(this.cookie && { cookie: this.cookie, 'x-csrf-token': this.csrf }),
        ...(body !== undefined && { 'content-type': 'application/json' }),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const cookies = response.headers.getSetCookie().map((line) => line.split(';', 1)[0]);
    if (cookies.length > 0) this.cookie = cookies.join('; ');
    const answer = (await response.json()) as { csrfToken?: string };
    if (answer.csrfToken) this.csrf = answer.csrfToken;
    return answer;
  }

  secrets(): string[] {
    return [this.csrf, ...this.cookie.split('; ').map((one) => one.slice(one.indexOf('=') + 1))];
  }
}

/** Plants secrets wherever somebody may bring one, or gets one. Returns those that the service made. */
async function plant(): Promise<string[]> {
  const { project, key } = service.team;
  const ann = new Person();
  const made: string[] = [];
  const link = (await admin(service, ['user', 'link', '--name', 'acme-user', '--password'])) as {
    link: string;
  };
  const linkToken = link.link.split('token=')[1] ?? '';
  await ann.send('POST', '/links/password', { token: linkToken, password: PLANTED.password });
  made.push(linkToken, ...ann.secrets());
  await ann.send('PUT', '/me/password', { current: PLANTED.password, password: PLANTED.other });
  await new Person().send('POST', '/session', { name: 'acme-user', password: PLANTED.wrong });
  await new Person().send('POST', '/session', { name: PLANTED.wrong, password: 'x' });
  const again = new Person();
  await again.send('POST', '/session', { name: 'acme-user', password: PLANTED.other });
  made.push(...again.secrets());
  const own = await again.send('POST', '/me/keys', { name: 'planted' });
  const next = await again.send('POST', `/me/keys/${own.key.id}/rotation`, { graceSeconds: 3600 });
  const ofProject = await again.send('POST', `/projects/${project}/keys`, {
    name: 'planted',
    role: 'operator',
  });
  const invitation = await again.send('POST', `/projects/${project}/invitations`, { role: 'reader' });
  const webhook = await again.send('POST', `/projects/${project}/webhooks`, { url: 'https://example.org/' });
  const rotated = await again.send('POST', `/projects/${project}/webhooks/${webhook.webhook.id}/secret`, {});
  await again.send('PATCH', `/projects/${project}/variables`, { secrets: { TYPED: PLANTED.typed } });
  await again.send('PATCH', `/projects/${project}/settings`, { secrets: { HIDDEN: PLANTED.hidden } });
  made.push(own.apiKey, next.apiKey, ofProject.apiKey, invitation.token, webhook.secret, rotated.secret);
  for (const one of [own.apiKey, next.apiKey, ofProject.apiKey, key]) {
    await service.call(`/api/jobs/list.json?project=${project}&apikey=${one}`, undefined, one);
    await service.call('/api/run.json', { project: String(project), spider: 'a', apikey: one }, one);
    await service.call(`/api/nothing/${project}?apikey=${one}`, undefined, one);
  }
  await admin(service, ['key', 'revoke', '--id', String(own.key.id)]);
  await admin(service, ['key', 'create', '--project', String(project), '--key', '-'], PLANTED.own);
  await service.call('/storage/system/ts', undefined, PLANTED.own);
  const scrapyd = ['scrapyd-user', 'create', '--organisation', 'acme', '--username', 'sc', '--password', '-'];
  await admin(service, scrapyd, PLANTED.scrapyd);
  const basic = (password: string) => ({
    authorization: `Basic ${Buffer.from(`sc:${password}`).toString('base64')}`,
  });
  for (const password of [PLANTED.scrapyd, PLANTED.wrong])
    await fetch(`${service.url}/scrapyd/listprojects.json`, { headers: basic(password) });
  await admin(service, ['project', 'env', '--id', String(project), '--secret', 'TOKEN'], PLANTED.variable);
  await admin(service, ['project', 'env', '--id', String(project), '--give-api-key']);
  return [...made, key].filter((secret) => secret.length > 10);
}

it('no secret that was planted is found in the database, logs, the audit log or the list of processes', async () => {
  const watching = watchProcesses();
  const made = await plant();
  isWatching = false;
  await watching;
  expect(made.length).toBeGreaterThanOrEqual(14);
  // What refused them is written by then.
  await service.api.stop();
  const { setting: _setting, argument: _argument, ...brought } = PLANTED;
  const places = { database: await dump(), logs: await logs(), processes: [...commandLines].join('\n') };
  for (const [place, text] of Object.entries(places)) {
    expect(text.length).toBeGreaterThan(500);
    const found = [...Object.values(brought), ...made].filter((secret) =>
      waysToWrite(secret).some((form) => text.includes(form)),
    );
    expect([place, found]).toEqual([place, []]);
  }
  const noted = await service.db.database('audit_log').select('action', 'outcome');
  const actions = noted.map(({ action }) => action);
  for (const action of [
    'webhook.made',
    'webhook.rotated',
    'variables.changed',
    'settings.changed',
    'jobs.scheduled',
  ])
    expect(actions).toContain(action);
  expect(noted.filter(({ outcome }) => outcome === 'refused').length).toBeGreaterThan(2);
});

it('what crawls are given in the open is not in the audit log and no log either', async () => {
  const again = await startService({ workers: 0, spiders: ['a', 'b'] });
  try {
    const { project } = again.team;
    const headers = { authorization: `Basic ${Buffer.from(`${again.team.key}:`).toString('base64')}` };
    const settings = { SHOP_TOKEN: PLANTED.setting, PROXY: `http://me:${PLANTED.setting}@proxy.example.com` };
    await fetch(`${again.url}/storage/projects/${project}/settings`, {
      method: 'POST',
      headers: { ...headers, 'content-type': 'application/json' },
      body: JSON.stringify(settings),
    });
    const task = { name: 'a', spider_args: { token: PLANTED.argument } };
    const planned = await fetch(`${again.url}/api/projects/${project}/periodicjobs`, {
      method: 'POST',
      headers: { ...headers, 'content-type': 'application/json' },
      body: JSON.stringify({ cron: '0 1 * * *', tasks: [task] }),
    });
    expect(planned.status).toBe(201);
    const noted = await again.db
      .database('audit_log')
      .whereIn('action', ['settings.changed', 'periodic.made']);
    expect(noted).toHaveLength(2);
    const text = JSON.stringify(await again.db.database('audit_log').select('*'));
    const log = await readFile(join(again.home, 'api-0.log'), 'utf8');
    for (const secret of [PLANTED.setting, PLANTED.argument]) {
      expect(text).not.toContain(secret);
      expect(log).not.toContain(secret);
    }
  } finally {
    await again.stop();
  }
});
