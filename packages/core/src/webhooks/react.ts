import { disabledNotice } from '../notices/notice.ts';
import type { ReactionBatch, Reactions } from '../ports/reaction-store.ts';
import { firingsOf } from '../rules/fire.ts';
import { isWanted, messageOf } from './message.ts';

/** Who is told of what. */
export function reactTo({ events, webhooks, rules }: ReactionBatch): Reactions {
  const messages: Reactions['messages'] = [];
  for (const { event, job } of events) {
    const wanting = webhooks.filter(
      (webhook) => webhook.project === event.project && isWanted(webhook, event, job),
    );
    if (wanting.length > 0)
      messages.push({
        message: messageOf(event, job),
        project: event.project,
        webhooks: wanting.map(({ id }) => id),
      });
  }
  const notices = events.flatMap(({ event: { id, project }, event }) => {
    const notice = disabledNotice(event);
    return notice ? [{ id, project, notice }] : [];
  });
  return { messages, notices, firings: events.flatMap(({ event, job }) => firingsOf(rules, event, job)) };
}
