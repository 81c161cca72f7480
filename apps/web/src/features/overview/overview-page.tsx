import { useQuery } from '@tanstack/react-query';
import { getRouteApi, Link } from '@tanstack/react-router';
import { Check, Circle } from 'lucide-react';
import { useState } from 'react';
import { addressOfKey, shortKey } from '../../api/jobs.ts';
import { type Concern, type Overview, readHealth, readOverview } from '../../api/spiders.ts';
import { count, plural } from '../../lib/format.ts';
import { usePollWithoutStream } from '../../lib/live/liveness.ts';
import { askToRun } from '../../lib/run-request.ts';
import { CommandLine } from '../../ui/command-line.tsx';
import { Pending } from '../../ui/feedback.tsx';
import { HealthTable } from '../../ui/health-table.tsx';
import { Page } from '../../ui/page.tsx';
import { Ago } from '../../ui/time.tsx';
import { Dots } from './dots.tsx';

const route = getRouteApi('/inside/p/$project/');
const POLL_MS = 5000;
const RUNS = 30;

/** The morning screen: what runs, what went wrong and why, how each spider does. */
export default function OverviewPage() {
  const { project } = route.useParams();
  const overview = useQuery({
    queryKey: ['overview', project],
    queryFn: ({ signal }) => readOverview({ params: { project } }, { signal }),
    refetchInterval: usePollWithoutStream(POLL_MS),
  });
  const health = useQuery({
    queryKey: ['health', project],
    queryFn: ({ signal }) => readHealth({ params: { project }, query: { runs: RUNS } }, { signal }),
    refetchInterval: usePollWithoutStream(POLL_MS * 2),
  });
  const { data } = overview;
  if (!data) {
    return (
      <Page title="Overview">
        <Pending query={overview} />
      </Page>
    );
  }
  const isNew = !data.steps.hasJob;
  return (
    <Page title="Overview">
      {isNew && <FirstSteps project={project} steps={data.steps} />}
      <Strip project={project} strip={data.strip} />
      {!isNew && <Concerns project={project} concerns={data.concerns} />}
      {data.dots.length > 0 && (
        <section className="panel">
          <div className="title">
            <h2>Runs of the last day</h2>
            <span className="dim">pages to the right, items upwards, the longer the larger</span>
          </div>
          <Dots project={project} dots={data.dots} />
        </section>
      )}
      <section className="stack tight">
        <h2>Spiders</h2>
        <Pending query={health} />
        {health.data && <HealthTable project={project} spiders={health.data.spiders} reserve={200} />}
        {health.data?.isPartial && <p className="dim">These are the first 5,000 by name.</p>}
      </section>
    </Page>
  );
}

function Strip({ project, strip }: { project: number; strip: Overview['strip'] }) {
  const params = { project };
  const bounded = (number: { count: number; atLeast: boolean }) =>
    `${count(number.count)}${number.atLeast ? '+' : ''}`;
  return (
    <div className="figures">
      <Link to="/p/$project/jobs" params={params} search={{ q: 'state:running' }} className="figure">
        <span className="value">{count(strip.running)}</span>
        <span className="name">running</span>
      </Link>
      <Link to="/p/$project/jobs" params={params} search={{ q: 'state:pending' }} className="figure">
        <span className="value">{count(strip.pending)}</span>
        <span className="name">
          pending
          {strip.oldestPending && (
            <>
              {' '}
              · the oldest since <Ago at={strip.oldestPending} />
            </>
          )}
        </span>
      </Link>
      <Link
        to="/p/$project/jobs"
        params={params}
        search={{ q: 'state:finished since:24h' }}
        className="figure"
      >
        <span className="value">{bounded(strip.finished)}</span>
        <span className="name">finished in 24 hours</span>
      </Link>
      <Link to="/p/$project/jobs" params={params} search={{ q: 'state:failed since:24h' }} className="figure">
        <span className={strip.failed.count > 0 ? 'value bad' : 'value'}>{bounded(strip.failed)}</span>
        <span className="name">failed in 24 hours</span>
      </Link>
    </div>
  );
}

function Concerns({ project, concerns }: { project: number; concerns: readonly Concern[] }) {
  return (
    <section className="panel" aria-label="Needs a look">
      <div className="title">
        <h2>Needs a look</h2>
        <span className="dim">{concerns.length > 0 && plural(concerns.length, 'cause')}</span>
      </div>
      {concerns.length === 0 && (
        <div className="content good">Nothing: the last run of each spider was as usual.</div>
      )}
      <ul>
        {concerns.map((concern) => (
          <ConcernRow
            key={`${concern.kind} ${concern.cause} ${concern.error ?? ''}`}
            project={project}
            concern={concern}
          />
        ))}
      </ul>
    </section>
  );
}

const MAX_SHOWN = 12;
const NAME = { maxWidth: 240 };

function ConcernRow({ project, concern }: { project: number; concern: Concern }) {
  const [isOpen, setOpen] = useState(concern.count <= 3);
  const { kind, cause, error, spiders } = concern;
  return (
    <li className="concern">
      <div className="row" style={{ flexWrap: 'nowrap' }}>
        <span className={kind === 'failed' || kind === 'no items' ? 'tag bad' : 'tag warned'}>{kind}</span>
        <button
          type="button"
          className="concern-cause cut"
          aria-expanded={isOpen}
          title={cause}
          onClick={() => setOpen(!isOpen)}
        >
          {cause}
        </button>
        <span className="dim push number">{plural(concern.count, 'spider')}</span>
      </div>
      {isOpen && (
        <div className="stack tight">
          {error && (
            <div className="mono dim cut" title={error}>
              {error}
            </div>
          )}
          <div className="row">
            {spiders.slice(0, MAX_SHOWN).map(({ name, job, at }) => (
              <span key={name} className="row tight">
                {job ? (
                  <JobLink project={project} job={job} name={name} />
                ) : (
                  <span className="cut" style={NAME}>
                    {name}
                  </span>
                )}
                <span className="dim small">
                  <Ago at={at} fallback="" />
                </span>
              </span>
            ))}
            {concern.count > MAX_SHOWN && <span className="dim">and {concern.count - MAX_SHOWN} more</span>}
          </div>
        </div>
      )}
    </li>
  );
}

function JobLink({ project, job, name }: { project: number; job: string; name: string }) {
  const { spider, job: number } = addressOfKey(job);
  return (
    <Link
      to="/p/$project/$spider/$job"
      params={{ project, spider: String(spider), job: number }}
      className="hit"
      title={shortKey(job)}
    >
      <span className="cut" style={NAME}>
        {name}
      </span>
    </Link>
  );
}

const RUN = 'The first run';

/** What a new project needs, each ticked off as soon as it is there. */
function FirstSteps({ project, steps }: { project: number; steps: Overview['steps'] }) {
  const { origin } = location;
  const list = [
    {
      title: 'An API key',
      isDone: steps.hasKey,
      text: null,
    },
    {
      title: 'Your spiders',
      isDone: steps.hasVersion,
      text: `# ~/.scrapinghub.yml: endpoints: {default: "${origin}/api/"}, apikeys: {default: APIKEY}\nshub deploy ${project}`,
    },
    {
      title: RUN,
      isDone: steps.hasJob,
      text: `curl -u APIKEY: ${origin}/api/schedule.json -d project=${project} -d spider=SPIDER`,
    },
  ];
  return (
    <section className="panel" aria-label="First steps">
      <div className="title">
        <h2>Three steps to the first items</h2>
      </div>
      <ol className="content stack">
        {list.map(({ title, isDone, text }) => (
          <li key={title} className="stack tight">
            <span className={isDone ? 'row good' : 'row'}>
              {isDone ? <Check size={16} aria-label="done" /> : <Circle size={16} aria-label="to do" />}
              <strong>{title}</strong>
            </span>
            {!isDone && text === null && (
              <p>
                <Link to="/p/$project/settings/keys" params={{ project }}>
                  Make a key
                </Link>{' '}
                here: it comes with the lines for shub and curl.
              </p>
            )}
            {!isDone && text !== null && <CommandLine text={text} />}
            {!isDone && title === RUN && steps.hasVersion && (
              <p>
                Or{' '}
                <button type="button" className="link-button" onClick={() => askToRun({ project })}>
                  run one from here
                </button>
                .
              </p>
            )}
          </li>
        ))}
      </ol>
    </section>
  );
}
