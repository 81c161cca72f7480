import {
  hashApiKey,
  hashPassword,
  hashToken,
  newApiKey,
  newSecretKey,
  newToken,
  parseJobKey,
  type StreamName,
} from '@spiderhub/core';
import { createAdminStore } from '@spiderhub/db';
import type { Page } from 'playwright-core';
import { deployDemo } from '../../support/demo-egg.ts';
import { type Service, type ServiceOptions, startService } from '../../support/service.ts';

/** A service with the demo's spiders deployed, and somebody who can sign in. */
export async function startDemo({ env, ...options }: ServiceOptions = {}): Promise<Service> {
  const service = await startService({ ...options, env: { SECRETS_KEY: newSecretKey(), ...env } });
  const lines = await deployDemo(service);
  if (!lines.at(-1)?.includes('"ok"')) throw new Error(`the demo was not deployed:\n${lines.join('\n')}`);
  return service;
}

/** An address that signs the team's user in once. */
export async function signInLink({ db, url }: Service): Promise<string> {
  const token = newToken();
  const user = await db.database('users').where({ name: 'acme-user' }).first('id');
  await db.database('links').insert({
    kind: 'sign-in',
    token_hash: hashToken(token),
    user_id: user.id,
    made_by: 'test',
    expires_at: db.database.raw("now() + interval '1 hour'"),
  });
  return `${url}/sign-in#token=${token}`;
}

/** The password of the team's user from now on. */
export async function setPassword({ db }: Service, password: string): Promise<void> {
  await db
    .database('users')
    .where({ name: 'acme-user' })
    .update({ password_hash: await hashPassword(password) });
}

/** A key of who operates the service, which no session of a person reaches. */
export async function staffKey({ db }: Service): Promise<string> {
  const key = newApiKey();
  await createAdminStore(db.database).createKey({
    hash: hashApiKey(key),
    hint: key.slice(0, 4),
    user: null,
    project: null,
    staff: true,
  });
  return key;
}

/** Signs in, and goes to a page of the project. */
export async function enter(page: Page, service: Service, path = ''): Promise<void> {
  await page.goto(await signInLink(service));
  await page.getByRole('heading', { name: 'Projects' }).waitFor();
  if (path !== '') await page.goto(`${service.url}/p/${service.team.project}${path}`);
}

/** Runs a spider to its end; resolves to the key of the job. */
export async function crawl(
  service: Service,
  spider: string,
  form: Record<string, string | string[]> = {},
): Promise<string> {
  const answer = await service.call('/api/schedule.json', {
    project: String(service.team.project),
    spider,
    ...form,
  });
  const { jobid, ...rest } = (await answer.json()) as { jobid?: string };
  if (jobid === undefined) throw new Error(`${spider} was not scheduled: ${JSON.stringify(rest)}`);
  return jobid;
}

/** Waits until jobs are over. */
export async function untilFinished(service: Service, keys: readonly string[]): Promise<void> {
  const give = Date.now() + 150_000;
  for (;;) {
    const answer = await service.call(
      `/api/jobs/list.json?project=${service.team.project}&${keys.map((key) => `job=${key}`).join('&')}&count=100`,
    );
    const { jobs } = (await answer.json()) as { jobs: { state: string }[] };
    if (jobs.filter(({ state }) => state === 'finished').length === keys.length) return;
    if (Date.now() > give) throw new Error(`not all of ${keys.join(', ')} ended`);
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
}

/** A finished job with records that no crawl of ours would make, written as its worker would. */
export async function plantJob(
  service: Service,
  spider: string,
  records: Partial<Record<StreamName, string[]>>,
  form: Record<string, string | string[]> = {},
  closeReason = 'finished',
): Promise<string> {
  const { database } = service.db;
  const { project } = service.team;
  await database('projects').where({ id: project }).update({ paused: true });
  // Without another argument it would be the same job as one that still runs.
  const key = await crawl(service, spider, { planted: newToken().slice(0, 8), ...form });
  const { spider: number, job } = parseJobKey(key);
  const counts = { items: records.items?.length ?? 0, logs: records.logs?.length ?? 0, errors: 1, pages: 1 };
  await database('jobs')
    .where({ project_id: project, spider: number, number: job })
    .update({
      state: 'finished',
      attempt: 1,
      close_reason: closeReason,
      running_at: database.raw("now() - interval '60 s'"),
      finished_at: database.raw('now()'),
      state_since: database.raw('clock_timestamp()'),
      ...counts,
    });
  await database('projects').where({ id: project }).update({ paused: false });
  const { streams } = service.storage;
  for (const [stream, lines] of Object.entries(records)) {
    const ref = { key: parseJobKey(key), attempt: 1, stream: stream as StreamName };
    await streams.write(
      ref,
      lines.map((line) => Buffer.from(line)),
    );
  }
  return key;
}
