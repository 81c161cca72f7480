import { reactTo } from '@spiderhub/core';
import { createDeliveryStore, createReactionStore } from '@spiderhub/db';
import { eventually } from '@spiderhub/testkit';
import { webhookStage } from './stage.ts';

const stage = webhookStage();
const { hook, react, deliver, run, deliveries } = stage;

describe('whoever dies', () => {
  it('in the middle of a delivery leaves it to somebody else, under the same id', async () => {
    const { webhook } = await hook();
    await run();
    await react();
    const store = createDeliveryStore(stage.db.database);
    const claim = { limit: 10, failing: 10, each: 4, tenant: 64, leaseMs: 60_000 };
    const [lost] = await store.claim(claim);
    expect(lost).toBeDefined();
    expect(await store.claim(claim)).toEqual([]);
    // Then its lease is over.
    const past = stage.db.database.raw("now() - interval '1 s'");
    await stage.db.database('webhook_deliveries').update({ lease_until: past, next_at: past });
    await deliver();
    await eventually(() => expect(stage.receiver.received).toHaveLength(1));
    expect(stage.receiver.received[0]?.headers['webhook-id']).toBe(lost?.message);
    await eventually(async () =>
      expect(await deliveries(webhook)).toMatchObject([{ state: 'delivered', tries: 2 }]),
    );
    // Its word that comes late changes nothing.
    const attempted = { status: 500, error: 'late', durationMs: 1, answer: null, retryAfterMs: null };
    await store.settle(
      [
        {
          endpoint: webhook.id,
          message: lost?.message ?? '',
          tries: 1,
          attempted,
          verdict: { state: 'failed', gone: false },
        },
      ],
      1e9,
    );
    expect(await deliveries(webhook)).toMatchObject([{ state: 'delivered', status: 204 }]);
  });

  it('between two batches of events leaves none out and makes none twice, however many look', async () => {
    const { webhook } = await hook();
    const writing = (async () => {
      for (let n = 0; n < 60; n += 1) await run(n % 2 ? 'a' : 'b');
    })();
    let isWriting = true;
    void writing.finally(() => {
      isWriting = false;
    });
    const look = async () => {
      while (isWriting) {
        // One of three dies before its commit.
        const store = createReactionStore(stage.db.database);
        await store
          .react(7, (batch) => {
            if (Math.random() < 0.3) throw new Error('dies');
            return reactTo(batch);
          })
          .catch(() => undefined);
      }
    };
    await Promise.all([writing, look(), look(), look()]);
    await react();
    const made = await deliveries(webhook);
    expect(made).toHaveLength(60);
    expect(new Set(made.map(({ message }) => message)).size).toBe(60);
  });

  it('and a database that was restored begins at its end', async () => {
    const { webhook } = await hook();
    await run();
    await stage.db
      .database('secrets')
      .where({ name: 'event-log' })
      .update({ value: 'f'.repeat(64) });
    expect(await react()).toBe(0);
    await run();
    await react();
    expect((await deliveries(webhook)).length).toBe(1);
  });
});
