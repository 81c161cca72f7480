import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { type Channel, listAddressees } from '../../api/rules.ts';
import { listWebhooks } from '../../api/webhooks.ts';
import { Pending } from '../../ui/feedback.tsx';
import { Field, problemOf } from '../../ui/field.tsx';
import { emptyDraft } from '../../ui/run/draft.ts';
import { ArgumentRows, PriorityField, SpiderField } from '../../ui/run/task-fields.tsx';
import { useOffers } from '../../ui/run/use-offers.ts';
import { WordList } from '../../ui/word-list.tsx';
import type { Draft } from './draft.ts';

interface ActionProps {
  project: number;
  draft: Draft;
  set: (change: Partial<Draft>) => void;
  error: unknown;
}

const CHANNELS: readonly (readonly [channel: Channel, words: string])[] = [
  ['run', 'run another job'],
  ['webhook', 'tell a webhook'],
  ['slack', 'tell Slack'],
  ['email', 'mail people'],
];

const PARTS = { run: RunPart, webhook: WebhookPart, slack: SlackPart, email: MailPart };

/** What follows. */
export function ActionFields(props: ActionProps) {
  const { draft, set } = props;
  const Part = PARTS[draft.channel];
  return (
    <section className="stack" aria-labelledby="then">
      <div className="row">
        <h3 id="then">Then</h3>
        <fieldset className="chips plain" aria-label="What follows">
          {CHANNELS.map(([channel, words]) => (
            <button
              key={channel}
              type="button"
              className="chip"
              aria-pressed={draft.channel === channel}
              disabled={channel === 'run' && draft.isSilence}
              title={channel === 'run' && draft.isSilence ? 'No job has ended then' : undefined}
              onClick={() => set({ channel })}
            >
              {words}
            </button>
          ))}
        </fieldset>
      </div>
      <Part {...props} />
    </section>
  );
}

const WORDS = ['job.key', 'job.spider', 'job.close_reason', 'job.items', 'job.args.NAME', 'tags'];

function RunPart({ project, draft, set, error }: ActionProps) {
  const offers = useOffers(project, draft.spider);
  return (
    <>
      <SpiderField
        draft={{ ...emptyDraft(draft.spider) }}
        set={({ spider }) => spider !== undefined && set({ spider })}
        error={error}
        offers={offers}
        field="action"
      />
      <ArgumentRows args={draft.args} onChange={(args) => set({ args })} offers={offers} error={error} />
      <p className="dim small">
        Texts may hold{' '}
        {WORDS.map((word, i) => (
          <span key={word}>
            {i > 0 && ', '}
            <code>{`{{${word}}}`}</code>
          </span>
        ))}{' '}
        of the job that ended.
      </p>
      <div className="two">
        <WordList label="Tags of the job" noun="tag" words={draft.tags} onChange={(tags) => set({ tags })} />
        <PriorityField priority={draft.priority} onChange={(priority) => set({ priority })} />
      </div>
    </>
  );
}

function WebhookPart({ project, draft, set, error }: ActionProps) {
  const { data } = useQuery({
    queryKey: ['webhooks', project],
    queryFn: ({ signal }) => listWebhooks({ params: { project } }, { signal }),
  });
  return (
    <Field
      label="Webhook"
      problem={problemOf(error, 'action')}
      hint="It gets an alert with the rule, and what job.finished holds"
    >
      {(props) => (
        <div className="row">
          <select
            {...props}
            className="select grow"
            required
            value={draft.webhook}
            onChange={(event) => set({ webhook: event.target.value })}
          >
            <option value="">choose one</option>
            {data?.webhooks.map(({ id, url }) => (
              <option key={id} value={id}>
                {url}
              </option>
            ))}
          </select>
          {data?.webhooks.length === 0 && (
            <Link to="/p/$project/webhooks" params={{ project }}>
              Make one first
            </Link>
          )}
        </div>
      )}
    </Field>
  );
}

function SlackPart({ draft, set, error }: ActionProps) {
  return (
    <Field
      label="Address of the incoming webhook"
      problem={problemOf(error, 'action')}
      hint="Of Slack, or of what understands its {“text”}. It gets a line for each job, and one for all above 20 an hour"
    >
      {(props) => (
        <input
          {...props}
          className="input mono"
          required
          spellCheck={false}
          autoComplete="off"
          placeholder="https://hooks.slack.com/services/…"
          value={draft.url}
          onChange={(event) => set({ url: event.target.value })}
        />
      )}
    </Field>
  );
}

function MailPart({ project, draft, set, error }: ActionProps) {
  const query = useQuery({
    queryKey: ['addressees', project],
    queryFn: ({ signal }) => listAddressees({ params: { project } }, { signal }),
  });
  const problem = problemOf(error, 'action');
  const toggle = (user: number) =>
    set({
      users: draft.users.includes(user)
        ? draft.users.filter((each) => each !== user)
        : [...draft.users, user],
    });
  const people = query.data?.addressees ?? [];
  // Who has left is still named until somebody takes the name off.
  const gone = draft.users.filter((user) => !people.some((one) => one.user === user));
  const rows = [
    ...people,
    ...(query.data ? gone.map((user) => ({ user, name: `user ${user}, who left` })) : []),
  ];
  return (
    <fieldset className="rows">
      <legend className="label">People of this project</legend>
      <Pending query={query} rows={2} />
      {query.data?.mail === false && (
        <p className="note warn">This service sends no mail: its operator has not set up a mail server.</p>
      )}
      {query.data && people.length === 0 && (
        <p className="dim">Nobody here has an address that was shown to be theirs.</p>
      )}
      {rows.map(({ user, name }) => (
        <label key={user} className="row tight" style={{ minHeight: 24 }}>
          <input
            type="checkbox"
            className="check"
            checked={draft.users.includes(user)}
            onChange={() => toggle(user)}
          />
          <span className="anywhere">{name}</span>
        </label>
      ))}
      {problem && (
        <p className="small bad" role="alert">
          {problem}
        </p>
      )}
    </fieldset>
  );
}
