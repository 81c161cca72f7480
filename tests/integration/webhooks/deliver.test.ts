import { COMMAND } from '@spiderhub/core';
import { createJobStore } from '@spiderhub/db';
import { eventually } from '@spiderhub/testkit';
import { Webhook as Verifier } from 'standardwebhooks';
import { makeTeam, scheduleRequest } from '../../support/team.ts';
import { webhookStage } from './stage.ts';

const stage = webhookStage();
const { service, hook, react, deliver, run, deliveries, hurry, eventTypes, running } = stage;

describe('a webhook', () => {
  it('for everything hears nothing of tags, which its receiver may have set; one that asks for them does', async () => {
    await hook();
    const asks = await hook({ types: ['job.tagged'], spiders: ['a'] });
    await run();
    expect(await react()).toBe(1);
    const change = { add: ['consumed'], remove: [] };
    await createJobStore(stage.db.database).changeTags({ project: stage.team.project }, change, COMMAND);
    expect(await react()).toBe(1);
    expect(await deliveries(asks.webhook)).toHaveLength(1);
  });

  it('is verified by a library of others, says what happened, and nothing that was given in confidence', async () => {
    const { webhook, secret } = await hook();
    await run('a', { tags: ['nightly'], args: { password: 'hunter2' }, settings: { TOKEN: '"hunter2"' } });
    expect(await react()).toBe(1);
    await deliver();
    await eventually(() => expect(stage.receiver.received).toHaveLength(1));
    const [{ body, headers }] = stage.receiver.received as [(typeof stage.receiver.received)[0]];
    expect(new Verifier(secret).verify(body, headers)).toEqual({
      type: 'job.scheduled',
      timestamp: expect.stringMatching(/Z$/),
      data: {
        project: stage.team.project,
        job: `${stage.team.project}/1/1`,
        actor: 'test',
        spider: 'a',
        state: 'pending',
        close_reason: null,
        attempt: 0,
        version: null,
        tags: ['nightly'],
        counts: { items: 0, pages: 0, logs: 0, errors: 0 },
        scheduled_by: 'test',
        duration_seconds: null,
      },
    });
    expect(body).not.toContain('hunter2');
    expect(() => new Verifier(secret).verify(body.replace('nightly', 'daily'), headers)).toThrow();
    const old = { ...headers, 'webhook-timestamp': String(Number(headers['webhook-timestamp']) - 1) };
    expect(() => new Verifier(secret).verify(body, old)).toThrow();
    await eventually(async () =>
      expect(await deliveries(webhook)).toMatchObject([
        { state: 'delivered', tries: 1, status: 204, error: null, nextAt: null, type: 'job.scheduled' },
      ]),
    );
  });

  it('hears of the types, spiders and tags that it asked for, and of its own project', async () => {
    const all = await hook();
    const some = await hook({ types: ['job.scheduled'], spiders: ['b'], hasTag: ['x', 'y'] });
    const others = await makeTeam(stage.db.database, `others-${Math.random()}`);
    await createJobStore(stage.db.database).schedule([scheduleRequest(others.project, 'b', { tags: ['x'] })]);
    await run('a', { tags: ['x'] });
    await run('b');
    await run('b', { tags: ['y'] });
    expect(await react()).toBe(4);
    expect(await deliveries(all.webhook)).toHaveLength(3);
    expect(await deliveries(some.webhook)).toHaveLength(1);
  });

  it('is signed by both secrets while one is changed, and by the new one alone when that is over', async () => {
    const { webhook, secret } = await hook();
    const { secret: next } = await service().rotate(COMMAND, stage.team.project, webhook.id);
    await service().test(COMMAND, stage.team.project, webhook.id);
    await deliver();
    await eventually(() => expect(stage.receiver.received).toHaveLength(1));
    for (const one of [secret, next])
      expect(
        new Verifier(one).verify(
          stage.receiver.received[0]?.body ?? '',
          stage.receiver.received[0]?.headers ?? {},
        ),
      ).toMatchObject({ type: 'webhook.test' });
    await stage.db
      .database('webhook_secrets')
      .whereNotNull('until')
      .update({ until: stage.db.database.raw("now() - interval '1 s'") });
    await service().test(COMMAND, stage.team.project, webhook.id);
    running[0]?.soon();
    await eventually(() => expect(stage.receiver.received).toHaveLength(2));
    const { body, headers } = stage.receiver.received[1] as (typeof stage.receiver.received)[0];
    expect(headers['webhook-signature']?.split(' ')).toHaveLength(1);
    expect(() => new Verifier(secret).verify(body, headers)).toThrow();
    new Verifier(next).verify(body, headers);
    // Nothing of a secret lies in the database as it is.
    const stored = JSON.stringify(await stage.db.database('webhook_secrets').select('*'));
    expect(stored).not.toContain(next.slice(6));
  });

  it('comes again, with the same id and a new time, until it is taken', async () => {
    const { webhook, secret } = await hook();
    stage.receiver.behave((_received, response, nth) =>
      response.writeHead(nth < 3 ? 500 : 200).end('so what'),
    );
    await run();
    await react();
    await deliver();
    await eventually(async () =>
      expect(await deliveries(webhook)).toMatchObject([
        { state: 'waiting', tries: 1, status: 500, error: 'answered 500', answer: 'so what' },
      ]),
    );
    const [{ nextAt, triedAt }] = (await deliveries(webhook)) as unknown as [{ nextAt: Date; triedAt: Date }];
    const pause = nextAt.getTime() - triedAt.getTime();
    expect(pause).toBeGreaterThan(3500);
    expect(pause).toBeLessThan(6500);
    expect((await service().find(stage.team.project, webhook.id)).failingSince).not.toBeNull();
    for (let tries = 2; tries <= 3; tries += 1) {
      await hurry();
      await eventually(async () => expect((await deliveries(webhook))[0]?.tries).toBe(tries));
    }
    await eventually(async () => expect((await deliveries(webhook))[0]?.state).toBe('delivered'));
    expect(new Set(stage.receiver.received.map(({ headers }) => headers['webhook-id'])).size).toBe(1);
    for (const { body, headers } of stage.receiver.received) new Verifier(secret).verify(body, headers);
    expect((await service().find(stage.team.project, webhook.id)).failingSince).toBeNull();
  });

  it('is disabled when its receiver says that it is gone, and after five days of failures; the log tells of it', async () => {
    const gone = await hook();
    stage.receiver.behave((_received, response) => response.writeHead(410).end());
    await run();
    await react();
    await deliver();
    await eventually(async () =>
      expect(await service().find(stage.team.project, gone.webhook.id)).toMatchObject({
        disabledWhy: 'it answered 410: gone',
      }),
    );
    expect(await eventTypes()).toContain('webhook.disabled');
    await run();
    // Nothing is made for one that is disabled.
    const tired = await hook();
    await react();
    await eventually(async () => expect((await deliveries(tired.webhook)).length).toBeGreaterThan(0));
    expect(await deliveries(gone.webhook)).toHaveLength(1);
    stage.receiver.behave((_received, response) => response.writeHead(500).end());
    const enabled = await service().change(COMMAND, stage.team.project, tired.webhook.id, {
      isDisabled: false,
    });
    expect(enabled).toMatchObject({ disabledAt: null, failingSince: null });
    await run();
    await react();
    await stage.db
      .database('webhooks')
      .where({ id: tired.webhook.id })
      .update({ failing_since: stage.db.database.raw("now() - interval '5 days 1 minute'") });
    await hurry();
    await eventually(async () =>
      expect((await service().find(stage.team.project, tired.webhook.id)).disabledWhy).toMatch(
        /^every try has failed since/,
      ),
    );
  });

  it('waits as long as its receiver asks with 429', async () => {
    const { webhook } = await hook();
    stage.receiver.behave((_received, response) => response.writeHead(429, { 'Retry-After': '3600' }).end());
    await run();
    await react();
    await deliver();
    await eventually(async () => expect(await deliveries(webhook)).toMatchObject([{ status: 429 }]));
    const [{ nextAt, triedAt }] = (await deliveries(webhook)) as unknown as [{ nextAt: Date; triedAt: Date }];
    expect(nextAt.getTime() - triedAt.getTime()).toBeGreaterThanOrEqual(3_599_000);
  });

  it('is replayed with its id: one, or those of a span of time that failed', async () => {
    const { webhook } = await hook();
    await run();
    await run('b');
    await react();
    await deliver();
    await eventually(() => expect(stage.receiver.received).toHaveLength(2));
    await eventually(async () =>
      expect((await deliveries(webhook)).map(({ state }) => state)).toEqual(['delivered', 'delivered']),
    );
    const [first, second] = await deliveries(webhook);
    expect(await service().replay(COMMAND, stage.team.project, webhook.id, { message: first?.message })).toBe(
      1,
    );
    running[0]?.soon();
    await eventually(() => expect(stage.receiver.received).toHaveLength(3));
    expect(stage.receiver.received[2]?.headers['webhook-id']).toBe(first?.message);
    await stage.db
      .database('webhook_deliveries')
      .where({ message_id: second?.message })
      .update({ state: 'failed' });
    expect(
      await service().replay(COMMAND, stage.team.project, webhook.id, {
        since: new Date(0),
        states: ['failed'],
      }),
    ).toBe(1);
    running[0]?.soon();
    await eventually(() => expect(stage.receiver.received).toHaveLength(4));
    expect(stage.receiver.received[3]?.headers['webhook-id']).toBe(second?.message);
  });
});
