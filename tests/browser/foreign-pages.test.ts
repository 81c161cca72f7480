import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { hashPassword } from '@spiderhub/core';
import { createAdminStore } from '@spiderhub/db';
import type { BrowserContext, Page } from 'playwright-core';
import { type Service, startService } from '../support/service.ts';
import { Chromium, describeInBrowser } from './support/browser.ts';

/** What a page of somebody else can do with the session of who looks at it, in a real browser. */

const PASSWORD = 'seven green bicycles';
const SESSION = 'spiderhub_session';
const script = readFileSync(join(__dirname, 'foreign-page.js'), 'utf8');

/** What the page's script is told; see `foreign-page.js`. */
interface Target {
  site: string;
  organisation: number;
  project: number;
  token: string;
}

describeInBrowser('a page of another site', () => {
  let service: Service;
  const chromium = new Chromium();
  let context: BrowserContext;
  let page: Page;
  let evil: Server;
  let target: Target;

  beforeAll(async () => {
    service = await startService({ workers: 0 });
    const { database } = service.db;
    const admin = createAdminStore(database);
    const password_hash = await hashPassword(PASSWORD);
    for (const name of ['ann', 'eve']) {
      await admin.createUser(name);
      await database('users').where({ name }).update({ password_hash });
    }
    await admin.addMember('acme', 'ann', 'owner');
    const organisation = (await database('organisations').where({ name: 'acme' }).first('id')).id;
    target = { site: service.url, organisation, project: service.team.project, token: 'x'.repeat(43) };
    evil = createServer((_req, res) => {
      res.writeHead(200, { 'content-type': 'text/html' });
      res.end(`<!doctype html><title>Nice pictures</title><script>${script}</script>`);
    });
    await new Promise<void>((resolve) => evil.listen(0, '127.0.0.1', resolve));
    await chromium.start();
  });
  afterAll(async () => {
    await chromium.stop();
    evil.close();
    await service.stop();
  });

  beforeEach(async () => {
    ({ context, page } = await chromium.open());
    // Any page of ours will do to sign in from.
    await page.goto(`${service.url}/console/openapi.json`);
    const request = {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ name: 'ann', password: PASSWORD }),
    };
    const signIn = `fetch('/console/session', ${JSON.stringify(request)}).then(({ status }) => status)`;
    expect(await page.evaluate(signIn)).toBe(200);
  });
  afterEach(() => chromium.closeAll(null));

  const sessionCookie = async () =>
    (await context.cookies(`${service.url}/console`)).find(({ name }) => name === SESSION);

  /** What must be the same after an attack. */
  async function state() {
    const { database } = service.db;
    const { rows } = await database.raw(`select
      (select json_agg(p order by id) from projects p) as projects, (select count(*) from links) as links,
      (select json_agg(json_build_array(id, name, password_hash) order by id) from users) as users,
      (select json_agg(json_build_array(id, user_id) order by id) from sessions) as sessions,
      (select json_agg(m) from members m) as members`);
    return rows[0];
  }

  it.each([
    ['of another site', 'localhost'],
    // Ports do not tell sites apart: the cookie travels along, and the rest has to hold.
    ['at another port of the same host', '127.0.0.1'],
  ])('%s changes nothing, reads nothing and signs nobody in or out', async (_name, host) => {
    const before = { ...(await state()), cookie: (await sessionCookie())?.value };
    const { port } = evil.address() as AddressInfo;
    await page.goto(`http://${host}:${port}/`);
    const seen = await page.evaluate<Record<string, string>>(`attack(${JSON.stringify(target)})`);
    expect({ ...(await state()), cookie: (await sessionCookie())?.value }).toEqual(before);
    expect(Object.keys(seen).length).toBeGreaterThan(40);
    for (const [what, words] of Object.entries(seen)) {
      // Opaque answers have no status and no text.
      expect([what, words]).toEqual([what, expect.stringMatching(/^(nothing: \w+|opaque 0 )$/)]);
    }
    // The owner's own page goes on as before.
    await page.goto(`${service.url}/console/me`);
    expect(await page.innerText('body')).toContain('"name":"ann"');
  });

  it('never gets the cookie: no script reads it, and it travels below /console alone', async () => {
    expect(await sessionCookie()).toMatchObject({ httpOnly: true, sameSite: 'Strict', path: '/console' });
    expect(await page.evaluate('document.cookie')).toBe('');
    const asked: Promise<[path: string, hasCookie: boolean]>[] = [];
    page.on('request', (request) => {
      const { pathname } = new URL(request.url());
      asked.push(request.allHeaders().then(({ cookie }) => [pathname, cookie !== undefined]));
    });
    const paths = [
      '/demo/',
      '/healthz',
      '/api/listprojects.json',
      '/storage/system/ts',
      '/console/me',
      '/consolex',
    ];
    for (const path of paths) await page.goto(`${service.url}${path}`).catch(() => undefined);
    await page.goto(`${service.url}/console/..%2fstorage/system/ts`);
    const { '/console/me': own, ...others } = Object.fromEntries(await Promise.all(asked));
    expect(own).toBe(true);
    for (const [path, hasCookie] of Object.entries(others)) {
      expect([path, hasCookie]).toEqual([path, path.startsWith('/console/')]);
    }
  });
});
