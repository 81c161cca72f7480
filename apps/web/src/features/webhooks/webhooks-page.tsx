import { useQuery } from '@tanstack/react-query';
import { getRouteApi, Link, useNavigate } from '@tanstack/react-router';
import { Plus } from 'lucide-react';
import { useState } from 'react';
import { listDeliveries, type Webhook } from '../../api/webhooks.ts';
import { isolated } from '../../lib/isolated.ts';
import { useKeys } from '../../lib/keys.ts';
import { pollWhileItStirs } from '../../lib/live/stirring.ts';
import { mayNot, useProject } from '../../lib/me.ts';
import { CommandLine } from '../../ui/command-line.tsx';
import { type Column, DataTable } from '../../ui/data-table.tsx';
import { Empty, Pending } from '../../ui/feedback.tsx';
import { Page } from '../../ui/page.tsx';
import { Tags } from '../../ui/tags.tsx';
import { useReadAgain, webhooksQuery } from './queries.ts';
import { SecretDialog } from './secret-dialog.tsx';
import { WebhookBadge } from './state.tsx';
import { WebhookForm } from './webhook-form.tsx';

const route = getRouteApi('/inside/p/$project/webhooks/');
const LOOKED_AT = 100;
const POLL_MS = 10_000;

/** Where events of a project are sent to. */
export default function WebhooksPage() {
  const { project } = route.useParams();
  const navigate = useNavigate();
  const again = useReadAgain(project);
  const refusal = mayNot(useProject(project)?.role, 'develop');
  const query = useQuery({ ...webhooksQuery(project), enabled: refusal === null });
  const [isMaking, make] = useState(false);
  const [made, setMade] = useState<{ id: number; secret: string } | null>(null);
  useKeys([{ keys: 'n', what: 'New webhook', run: () => make(refusal === null) }]);
  const open = (webhook: number) =>
    void navigate({ to: '/p/$project/webhooks/$webhook', params: { project, webhook } });
  const list = query.data?.webhooks;
  return (
    <Page
      title="Webhooks"
      actions={
        <button
          type="button"
          className="button primary"
          disabled={refusal !== null}
          title={refusal ?? undefined}
          onClick={() => make(true)}
        >
          <Plus size={14} /> New webhook
        </button>
      }
    >
      {refusal === null ? <Pending query={query} /> : <p className="note">{refusal}.</p>}
      {list?.length === 0 && <NoWebhooks project={project} />}
      {list && list.length > 0 && (
        <DataTable
          label="Webhooks"
          rows={list}
          keyOf={({ id }) => String(id)}
          columns={columnsOf(project)}
          onOpen={({ id }) => open(id)}
          reserve={190}
        />
      )}
      {isMaking && (
        <WebhookForm
          project={project}
          onClose={() => make(false)}
          onSaved={async ({ id }, secret) => {
            make(false);
            if (secret !== null) setMade({ id, secret });
            await again();
          }}
        />
      )}
      {made && (
        <SecretDialog
          secret={made.secret}
          isRotated={false}
          onClose={() => {
            setMade(null);
            open(made.id);
          }}
        />
      )}
    </Page>
  );
}

function columnsOf(project: number): Column<Webhook>[] {
  return [
    {
      id: 'url',
      head: 'Address',
      sortBy: ({ url }) => url,
      cell: ({ id, url }) => (
        <Link
          to="/p/$project/webhooks/$webhook"
          params={{ project, webhook: id }}
          className="hit strong"
          title={url}
        >
          <span className="cut" style={{ maxWidth: 340 }}>
            {url}
          </span>
        </Link>
      ),
    },
    { id: 'state', head: 'State', cell: (webhook) => <WebhookBadge webhook={webhook} /> },
    { id: 'lately', head: 'Last 24 hours', cell: ({ id }) => <Lately project={project} webhook={id} /> },
    {
      id: 'types',
      head: 'Events',
      cell: ({ types }) =>
        types.length === 0 ? (
          <span className="dim">all</span>
        ) : (
          <span className="cut" style={{ maxWidth: 240, display: 'inline-block' }} title={types.join(', ')}>
            {types.map(isolated).join(', ')}
          </span>
        ),
    },
    {
      id: 'of',
      head: 'Only of',
      isWide: true,
      cell: ({ spiders, hasTag }) => <Tags tags={[...spiders, ...hasTag.map((tag) => `#${tag}`)]} />,
    },
    {
      id: 'by',
      head: 'By',
      cell: ({ createdBy }) => (
        <span className="cut" style={{ maxWidth: 120, display: 'inline-block' }} title={createdBy}>
          {createdBy}
        </span>
      ),
    },
  ];
}

const DAY_MS = 24 * 3_600_000;

/** How many of the messages of a day got through, as far as it looks back. */
function Lately({ project, webhook }: { project: number; webhook: number }) {
  const { data } = useQuery({
    queryKey: ['webhook', project, webhook, 'lately'],
    queryFn: ({ signal }) =>
      listDeliveries({ params: { project, webhook }, query: { limit: LOOKED_AT } }, { signal }),
    refetchInterval: pollWhileItStirs(project, POLL_MS),
    retry: false,
  });
  const since = Date.now() - DAY_MS;
  const recent = data?.deliveries.filter(({ createdAt }) => Date.parse(createdAt) >= since);
  if (!recent) return null;
  if (recent.length === 0) return <span className="dim">nothing sent</span>;
  const through = recent.filter(({ state }) => state === 'delivered').length;
  const more = recent.length === LOOKED_AT ? 'the last ' : '';
  return (
    <span className={through < recent.length ? 'warned' : undefined}>
      {through} of {more}
      {recent.length} delivered
    </span>
  );
}

function NoWebhooks({ project }: { project: number }) {
  const lines = [
    `curl -u APIKEY: ${location.origin}/console/projects/${project}/webhooks \\`,
    `  -H 'Content-Type: application/json' \\`,
    `  -d '{"url": "https://example.org/hook", "types": ["job.finished"]}'`,
  ];
  return (
    <Empty title="Nobody is told yet">
      <p>
        A webhook sends what happens in this project to an address of yours: signed, tried again for two days
        when it does not get through, and kept here so that it can be sent once more.
      </p>
      <p>Make one above, or from a script:</p>
      <CommandLine text={lines.join('\n')} />
    </Empty>
  );
}
