import { COMMAND } from '@spiderhub/core';
import { createJobStore } from '@spiderhub/db';
import { eventually, scheduleRequest } from '@spiderhub/testkit';
import { type Mailbox, startMailbox } from '../../support/mailbox.ts';
import { type Service, startService } from '../../support/service.ts';

/** Alerts by mail on built processes: a rule over HTTP, the leader that sees to it, a worker that sends. */

const SITE = 'https://hub.example';
const ADDRESS = 'ann@example.org';

let mailbox: Mailbox;
let service: Service;

beforeAll(async () => {
  mailbox = await startMailbox();
  const env = { SMTP_URL: mailbox.url, SMTP_FROM: 'hub@example.org', PUBLIC_URL: SITE, SITE_URL: SITE };
  service = await startService({ env, spiders: ['a'] });
});
afterAll(async () => {
  await service.stop();
  await mailbox.close();
});

async function ask(path: string, body?: object) {
  const answer = await fetch(`${service.url}/console/projects/${service.team.project}${path}`, {
    headers: {
      authorization: `Basic ${Buffer.from(`${service.team.key}:`).toString('base64')}`,
      'content-type': 'application/json',
    },
    ...(body && { method: 'POST', body: JSON.stringify(body) }),
  });
  expect(answer.status).toBe(200);
  return answer.json();
}

const subjects = () => mailbox.received.map(({ headers }) => /^subject: (.*)$/im.exec(headers)?.[1] ?? '');

it('mails a member of how a job ended, and of a spider that does not run', async () => {
  await service.db.database('users').update({ email: ADDRESS });
  const { addressees } = (await ask('/addressees')) as { addressees: { user: number }[] };
  const action = { channel: 'email', users: addressees.map(({ user }) => user) };
  await ask('/rules', { name: 'ends', when: { outcomes: ['failed'] }, action });
  await ask('/rules', { name: 'runs', when: { spiders: ['a'], noRun: { hours: 1 } }, action });
  const jobs = createJobStore(service.db.database);
  // The first look of a leader into the event log begins at its end.
  await eventually(async () => expect(await service.db.database('event_cursors')).toHaveLength(1));
  const request = scheduleRequest(service.team.project, 'a', { state: 'running', external: true });
  const [made] = await jobs.schedule([request]);
  if (made?.outcome !== 'scheduled') throw new Error('not scheduled');
  const key = { project: service.team.project, spider: made.spider, job: made.job };
  const change = { closeReason: 'failed', meta: new Map<string, string>(), forget: [] };
  await jobs.move({ ...key, state: 'finished', change, by: COMMAND });
  const name = `${key.project}/${key.spider}/${key.job}`;
  await eventually(() => expect(subjects()).toEqual([`ends: a (${name}) ended as failed`]));
  expect(mailbox.received[0]).toMatchObject({
    from: 'hub@example.org',
    to: [ADDRESS],
    text: expect.stringContaining(`${SITE}/p/${key.project}/job/${key.spider}/${key.job}`),
  });

  // As if two hours had passed.
  const before = service.db.database.raw("now() - interval '2 hours'");
  await service.db.database('jobs').update({ state_since: before, running_at: before, finished_at: before });
  await service.db.database('rule_watches').update({ look_at: before });
  await eventually(() =>
    expect(subjects()[1]).toMatch(/^runs: no run of a of project \d+ ended for 1 hour$/),
  );
});
