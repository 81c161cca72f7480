import { Ban, CircleCheck, CircleX, Hourglass } from 'lucide-react';
import type { DeliveryState, Webhook } from '../../api/webhooks.ts';
import { Ago } from '../../ui/time.tsx';
import { STATES } from './texts.ts';

const ICONS = { waiting: Hourglass, delivered: CircleCheck, failed: CircleX };

/** What became of a message: icon, word and colour. */
export function DeliveryBadge({ state }: { state: DeliveryState }) {
  const Icon = ICONS[state];
  const { word, kind } = STATES[state];
  return (
    <span className={`state ${kind}`}>
      <Icon size={14} aria-hidden="true" />
      {word}
    </span>
  );
}

/** Whether a receiver is in use, and how it answers. */
export function WebhookBadge({
  webhook: { disabled, disabledWhy, failingSince },
}: {
  webhook: Pick<Webhook, 'disabled' | 'disabledWhy' | 'failingSince'>;
}) {
  if (disabled)
    return (
      <span className="state cancelled" title={disabledWhy ?? undefined}>
        <Ban size={14} aria-hidden="true" />
        disabled
      </span>
    );
  if (failingSince)
    return (
      <span className="state failed">
        <CircleX size={14} aria-hidden="true" />
        <span>
          failing since <Ago at={failingSince} />
        </span>
      </span>
    );
  return (
    <span className="state finished">
      <CircleCheck size={14} aria-hidden="true" />
      in use
    </span>
  );
}
