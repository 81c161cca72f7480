import type { Delivery, Webhook } from '../../api/webhooks.ts';
import { count, duration } from '../../lib/format.ts';
import { Dialog } from '../../ui/dialog.tsx';
import { At } from '../../ui/time.tsx';
import { useWebhookActs } from './queries.ts';
import { DeliveryBadge } from './state.tsx';

interface DeliveryProps {
  project: number;
  webhook: Webhook;
  delivery: Delivery;
  refusal: string | null;
  onClose: () => void;
}

/** All that is known of a message: its tries, and what the receiver said last. */
export function DeliveryDialog({ project, webhook, delivery, refusal, onClose }: DeliveryProps) {
  const { replaying } = useWebhookActs(project);
  const { id, type, state, tries, createdAt, triedAt, nextAt, status, error, durationMs, answer } = delivery;
  return (
    <Dialog open wide onClose={onClose} title={type}>
      <div className="body stack">
        <dl className="facts">
          <dt>State</dt>
          <dd>
            <DeliveryBadge state={state} />
          </dd>
          <dt>webhook-id</dt>
          <dd className="mono">{id}</dd>
          <dt>Happened</dt>
          <dd>
            <At at={createdAt} />
          </dd>
          <dt>Tries</dt>
          <dd>
            {count(tries)}
            {triedAt && (
              <>
                , the last one <At at={triedAt} />
                {durationMs !== null && `, for ${duration(durationMs)}`}
              </>
            )}
          </dd>
          {state === 'waiting' && (
            <>
              <dt>Next try</dt>
              <dd>{webhook.disabled ? 'when the webhook is enabled' : <At at={nextAt} />}</dd>
            </>
          )}
          <dt>Status</dt>
          <dd className={status !== null && status >= 400 ? 'bad' : undefined}>{status ?? 'no answer'}</dd>
          {error && (
            <>
              <dt>What went wrong</dt>
              <dd>{error}</dd>
            </>
          )}
        </dl>
        <div className="stack tight">
          <h3>Answer</h3>
          {answer ? (
            // What is long is scrolled by keys, too.
            // biome-ignore lint/a11y/noNoninteractiveTabindex: see above
            <section className="build-log mono" tabIndex={0} aria-label="Beginning of the answer">
              {answer}
            </section>
          ) : (
            <p className="dim">{tries === 0 ? 'It was not sent yet.' : 'It has no text.'}</p>
          )}
        </div>
      </div>
      <footer>
        <button
          type="button"
          className="button primary"
          disabled={refusal !== null || replaying.isPending || webhook.disabled}
          title={refusal ?? (webhook.disabled ? 'The webhook is disabled' : undefined)}
          onClick={() => replaying.mutate({ webhook: webhook.id, id })}
        >
          Send again
        </button>
      </footer>
    </Dialog>
  );
}
