import { eventually } from '@spiderhub/testkit';
import { Webhook as Verifier } from 'standardwebhooks';
import { startReceiver } from '../../support/receiver.ts';
import type { Random } from './random.ts';
import type { System } from './system.ts';

/** Somebody who is sent every event, and is not always well. */
export interface Listener {
  /** Waits until nothing is under way any more, without the pauses between tries, for so long at most, ms. */
  end(patienceMs: number): Promise<void>;
  /** Compares what came with the event log, in words; empty when every event came, and again only by the same id. */
  judge(): Promise<string[]>;
  figures(): { deliveries: number; repeated: number; refused: number };
}

const EVENTS = `select xid::text || '-' || id as place, type from events where project_id = ? and ts >= ? order by id`;

export async function startListener(system: System, random: Random): Promise<Listener> {
  const { database, team } = system;
  const receiver = await startReceiver();
  const bodies = new Map<string, Set<string>>();
  const unsigned = new Set<string>();
  let verifier: Verifier | null = null;
  let refused = 0;
  let delivered = 0;
  receiver.behave(({ body, headers }, response) => {
    const id = headers['webhook-id'] ?? '';
    try {
      verifier?.verify(body, headers);
    } catch {
      unsigned.add(id);
    }
    const mood = random.between(1, 20);
    if (mood <= 2) {
      refused += 1;
      // Some answer, some hang up.
      if (mood === 1) response.destroy();
      else response.writeHead(500).end();
      return;
    }
    delivered += 1;
    bodies.set(id, (bodies.get(id) ?? new Set()).add(body));
    response.writeHead(204).end();
  });
  const answer = await system.json(`/console/projects/${team.project}/webhooks`, { url: receiver.url });
  const made = (await answer.json()) as { secret?: string; webhook?: { id: number } };
  if (!answer.ok || !made.secret) throw new Error(`no webhook: ${JSON.stringify(made)}`);
  verifier = new Verifier(made.secret);
  const { rows } = await database.raw<{ rows: [{ now: Date }] }>('select now()');
  const since = rows[0].now;

  async function undelivered(): Promise<{ place: string; type: string }[]> {
    const { rows } = await database.raw<{ rows: { place: string; type: string }[] }>(EVENTS, [
      team.project,
      since,
    ]);
    const places = new Set([...bodies.keys()].map((id) => id.slice(id.indexOf('-') + 1)));
    return rows.filter(({ place }) => !places.has(place));
  }

  return {
    async end(patienceMs) {
      await eventually(
        async () => {
          // Who was hung up on before waits for hours: nobody does so here.
          await database('webhook_deliveries')
            .where({ state: 'waiting', lease_until: null })
            .orWhere((query) =>
              query.where({ state: 'waiting' }).where('lease_until', '<', database.fn.now()),
            )
            .update({ next_at: database.fn.now(), tries: 1 });
          const left = await undelivered();
          if (left.length > 0) throw new Error(`${left.length} events were not delivered`);
        },
        { timeoutMs: patienceMs, everyMs: 1000 },
      ).catch(() => undefined);
      await receiver.close();
    },
    async judge() {
      const left = await undelivered();
      const changed = [...bodies].filter(([, texts]) => texts.size > 1).map(([id]) => id);
      const disabled = await database('webhooks').whereNotNull('disabled_at').first('disabled_why');
      return [
        ...left.map(({ place, type }) => `event ${place} (${type}) was not delivered`),
        ...changed.map((id) => `message ${id} came with two texts`),
        ...[...unsigned].map((id) => `message ${id} was not signed by us`),
        ...(disabled ? [`the webhook was disabled: ${disabled.disabled_why}`] : []),
      ];
    },
    figures: () => ({ deliveries: bodies.size, repeated: delivered - bodies.size, refused }),
  };
}
