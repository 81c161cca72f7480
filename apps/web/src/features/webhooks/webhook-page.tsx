import { useMutation, useQuery } from '@tanstack/react-query';
import { getRouteApi, Link, useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { removeWebhook, rotateWebhookSecret, type Webhook } from '../../api/webhooks.ts';
import { isolated } from '../../lib/isolated.ts';
import { mayNot, useProject } from '../../lib/me.ts';
import { Confirm } from '../../ui/confirm.tsx';
import { ErrorPanel, Pending } from '../../ui/feedback.tsx';
import { Page } from '../../ui/page.tsx';
import { Tags } from '../../ui/tags.tsx';
import { Ago, At } from '../../ui/time.tsx';
import { toast } from '../../ui/toasts.tsx';
import { Deliveries } from './deliveries.tsx';
import { useReadAgain, useWebhookActs, webhookQuery } from './queries.ts';
import { SecretDialog } from './secret-dialog.tsx';
import { WebhookBadge } from './state.tsx';
import { WebhookForm } from './webhook-form.tsx';

const route = getRouteApi('/inside/p/$project/webhooks/$webhook');

/** One receiver: what is sent to it, and what became of each message. */
export default function WebhookPage() {
  const { project, webhook } = route.useParams();
  const query = useQuery(webhookQuery(project, webhook));
  if (!query.data) {
    return (
      <Page title={`Webhook ${webhook}`}>
        <Pending query={query} />
        {query.error && (
          <Link to="/p/$project/webhooks" params={{ project }}>
            All webhooks
          </Link>
        )}
      </Page>
    );
  }
  return <Whole project={project} webhook={query.data} error={query.error} />;
}

interface PartProps {
  project: number;
  webhook: Webhook;
}

function Whole({ project, webhook, error }: PartProps & { error: unknown }) {
  const role = useProject(project)?.role;
  const refusal = mayNot(role, 'develop');
  return (
    <Page
      title={webhook.url}
      facts={<WebhookBadge webhook={webhook} />}
      actions={<Actions project={project} webhook={webhook} refusal={refusal} />}
    >
      {error !== null && <ErrorPanel error={error} />}
      {webhook.disabled && <Disabled project={project} webhook={webhook} refusal={refusal} />}
      <Facts webhook={webhook} />
      <Deliveries project={project} webhook={webhook} refusal={refusal} />
    </Page>
  );
}

interface ActionProps extends PartProps {
  refusal: string | null;
}

/** Why nothing is sent, and the way back. */
function Disabled({ project, webhook, refusal }: ActionProps) {
  const { enabling } = useWebhookActs(project);
  return (
    <div className="note warn row" role="status">
      <div className="grow">
        <div className="strong">
          Nothing is sent since <At at={webhook.disabledAt} />
        </div>
        <div className="anywhere">{webhook.disabledWhy}</div>
      </div>
      <button
        type="button"
        className="button"
        disabled={refusal !== null || enabling.isPending}
        title={refusal ?? undefined}
        onClick={() => enabling.mutate(webhook)}
      >
        Enable
      </button>
    </div>
  );
}

function Facts({ webhook }: { webhook: Webhook }) {
  const { description, types, spiders, hasTag, createdBy, createdAt } = webhook;
  return (
    <dl className="facts panel padded">
      {description && (
        <>
          <dt>Description</dt>
          <dd>{description}</dd>
        </>
      )}
      <dt>Events</dt>
      <dd className="mono">{types.length === 0 ? 'all' : types.map(isolated).join(', ')}</dd>
      {spiders.length > 0 && (
        <>
          <dt>Only of</dt>
          <dd>
            <Tags tags={spiders} />
          </dd>
        </>
      )}
      {hasTag.length > 0 && (
        <>
          <dt>Only with</dt>
          <dd>
            <Tags tags={hasTag} />
          </dd>
        </>
      )}
      <dt>Made</dt>
      <dd>
        by <bdi>{createdBy}</bdi>, <Ago at={createdAt} />
      </dd>
    </dl>
  );
}

type Asked = 'change' | 'rotate' | 'remove';

function Actions({ project, webhook, refusal }: ActionProps) {
  const again = useReadAgain(project);
  const [asked, ask] = useState<Asked | null>(null);
  const { testing, enabling } = useWebhookActs(project);
  const button = (words: string, run: () => void, kind = '') => (
    <button
      type="button"
      className={`button ${kind}`}
      disabled={refusal !== null}
      title={refusal ?? undefined}
      onClick={run}
    >
      {words}
    </button>
  );
  return (
    <>
      {button('Delete', () => ask('remove'), 'danger')}
      {!webhook.disabled && button('Disable', () => enabling.mutate(webhook))}
      {button('New secret', () => ask('rotate'))}
      {button('Change', () => ask('change'))}
      {button('Send a test', () => testing.mutate(webhook.id), 'primary')}
      {asked === 'change' && (
        <WebhookForm
          project={project}
          webhook={webhook}
          onClose={() => ask(null)}
          onSaved={async () => {
            ask(null);
            toast('The webhook is changed');
            await again();
          }}
        />
      )}
      {asked === 'rotate' && <Rotate project={project} webhook={webhook} onClose={() => ask(null)} />}
      {asked === 'remove' && <Remove project={project} webhook={webhook} onClose={() => ask(null)} />}
    </>
  );
}

interface AskProps extends PartProps {
  onClose: () => void;
}

function Rotate({ project, webhook, onClose }: AskProps) {
  const rotating = useMutation({
    mutationFn: () => rotateWebhookSecret({ params: { project, webhook: webhook.id }, body: {} }),
  });
  if (rotating.data) return <SecretDialog secret={rotating.data.secret} isRotated onClose={onClose} />;
  return (
    <Confirm
      title="Make another secret?"
      verb="Make another"
      isBusy={rotating.isPending}
      error={rotating.error}
      onClose={onClose}
      onConfirm={() => rotating.mutate()}
    >
      <p>For 24 hours both sign, so that the receiver can change over. Then the present one is gone.</p>
    </Confirm>
  );
}

function Remove({ project, webhook, onClose }: AskProps) {
  const navigate = useNavigate();
  const again = useReadAgain(project);
  const removing = useMutation({
    mutationFn: () => removeWebhook({ params: { project, webhook: webhook.id } }),
    onSuccess: async () => {
      toast('The webhook is deleted');
      await navigate({ to: '/p/$project/webhooks', params: { project } });
      await again();
    },
  });
  return (
    <Confirm
      title="Delete this webhook?"
      verb="Delete it"
      isBusy={removing.isPending}
      error={removing.error}
      onClose={onClose}
      onConfirm={() => removing.mutate()}
    >
      <p>What waits for it, and what is known of what was sent, goes with it.</p>
    </Confirm>
  );
}
