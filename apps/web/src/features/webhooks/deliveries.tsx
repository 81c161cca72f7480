import { useInfiniteQuery } from '@tanstack/react-query';
import { getRouteApi, useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import {
  DELIVERY_STATES,
  type Delivery,
  type DeliveryState,
  listDeliveries,
  type Webhook,
} from '../../api/webhooks.ts';
import { count, duration } from '../../lib/format.ts';
import { pollWhileItStirs } from '../../lib/live/stirring.ts';
import { nothingBefore } from '../../lib/queries.ts';
import { type Column, DataTable } from '../../ui/data-table.tsx';
import { Pending } from '../../ui/feedback.tsx';
import { Menu, MenuItem } from '../../ui/menu.tsx';
import { Ago } from '../../ui/time.tsx';
import { DeliveryDialog } from './delivery-dialog.tsx';
import { useWebhookActs } from './queries.ts';
import { DeliveryBadge } from './state.tsx';

const route = getRouteApi('/inside/p/$project/webhooks/$webhook');
const PAGE = 50;
const POLL_MS = 3000;
const HOUR_MS = 3_600_000;
const SPANS: readonly (readonly [words: string, hours: number])[] = [
  ['the last hour', 1],
  ['the last day', 24],
  ['the last week', 168],
  ['the last 30 days', 720],
];

interface DeliveriesProps {
  project: number;
  webhook: Webhook;
  refusal: string | null;
}

/** Every message of the last weeks, with what came of it. */
export function Deliveries({ project, webhook, refusal }: DeliveriesProps) {
  const { state } = route.useSearch();
  const navigate = useNavigate();
  const [opened, open] = useState<string | null>(null);
  const query = useDeliveries(project, webhook.id, state);
  const rows = query.data?.pages.flatMap(({ deliveries }) => deliveries) ?? [];
  const delivery = rows.find(({ id }) => id === opened);
  const show = (next: DeliveryState | undefined) =>
    void navigate({
      to: '/p/$project/webhooks/$webhook',
      params: { project, webhook: webhook.id },
      search: { state: next },
      replace: true,
    });
  return (
    <section className="stack tight" aria-labelledby="messages">
      <div className="row">
        <h2 id="messages">Messages</h2>
        <fieldset className="chips plain" aria-label="Which">
          {[undefined, ...DELIVERY_STATES].map((each) => (
            <button
              key={each ?? 'all'}
              type="button"
              className="chip"
              aria-pressed={each === state}
              onClick={() => show(each)}
            >
              {each ?? 'all'}
            </button>
          ))}
        </fieldset>
        <span className="push">
          <ReplayMenu project={project} webhook={webhook} refusal={refusal} />
        </span>
      </div>
      <Pending query={query} rows={4} />
      {query.data && rows.length === 0 && (
        <p className="panel padded dim">
          {state
            ? `None is ${state}.`
            : 'Nothing was sent yet. A test message shows whether it gets through.'}
        </p>
      )}
      {rows.length > 0 && (
        <DataTable
          label="Messages"
          rows={rows}
          keyOf={({ id }) => id}
          columns={columnsOf(open)}
          onOpen={({ id }) => open(id)}
          onEnd={query.hasNextPage && !query.isFetching ? () => void query.fetchNextPage() : undefined}
          foot={query.hasNextPage ? <div className="table-foot">more below</div> : undefined}
          reserve={280}
        />
      )}
      {delivery && (
        <DeliveryDialog
          project={project}
          webhook={webhook}
          delivery={delivery}
          refusal={refusal}
          onClose={() => open(null)}
        />
      )}
    </section>
  );
}

function useDeliveries(project: number, webhook: number, state: DeliveryState | undefined) {
  return useInfiniteQuery({
    queryKey: ['webhook', project, webhook, 'deliveries', state],
    queryFn: ({ signal, pageParam: before }) =>
      listDeliveries(
        {
          params: { project, webhook },
          query: { limit: PAGE, ...(before && { before }), ...(state && { state }) },
        },
        { signal },
      ),
    initialPageParam: null as string | null,
    getNextPageParam: ({ deliveries }) =>
      deliveries.length < PAGE ? null : (deliveries.at(-1)?.createdAt ?? null),
    // What is older does not change: who has scrolled down reads, and does not wait for news.
    refetchInterval: ({ state: held }) =>
      (held.data?.pages.length ?? 0) > 1 ? false : pollWhileItStirs(project, POLL_MS)(),
    placeholderData: nothingBefore,
  });
}

function ReplayMenu({ project, webhook, refusal }: DeliveriesProps) {
  const { replaying } = useWebhookActs(project);
  if (refusal !== null) return null;
  return (
    <Menu trigger="Send failed ones again">
      {SPANS.map(([words, hours]) => (
        <MenuItem
          key={hours}
          onSelect={() =>
            replaying.mutate({
              webhook: webhook.id,
              since: new Date(Date.now() - hours * HOUR_MS).toISOString(),
            })
          }
        >
          of {words}
        </MenuItem>
      ))}
    </Menu>
  );
}

function columnsOf(open: (id: string) => void): Column<Delivery>[] {
  return [
    {
      id: 'event',
      head: 'Event',
      cell: ({ id, type }) => (
        <button type="button" className="link-button mono" onClick={() => open(id)}>
          {type}
        </button>
      ),
    },
    { id: 'state', head: 'State', cell: ({ state }) => <DeliveryBadge state={state} /> },
    { id: 'at', head: 'Happened', isNumber: true, cell: ({ createdAt }) => <Ago at={createdAt} /> },
    { id: 'tries', head: 'Tries', isNumber: true, cell: ({ tries }) => count(tries) },
    {
      id: 'status',
      head: 'Status',
      isNumber: true,
      cell: ({ status }) => (
        <span className={status !== null && status >= 400 ? 'bad' : undefined}>{status ?? '–'}</span>
      ),
    },
    { id: 'took', head: 'Took', isNumber: true, cell: ({ durationMs }) => duration(durationMs) },
    {
      id: 'next',
      head: 'Next try',
      isNumber: true,
      cell: ({ nextAt, state }) =>
        state === 'waiting' ? <Ago at={nextAt} /> : <span className="dim">–</span>,
    },
    {
      id: 'why',
      head: 'What went wrong',
      isWide: true,
      cell: ({ error }) => (
        <span className="cut" style={{ maxWidth: 460, display: 'inline-block' }} title={error ?? undefined}>
          {error}
        </span>
      ),
    },
  ];
}
