import { useQuery } from '@tanstack/react-query';
import { getRouteApi, Link, useNavigate } from '@tanstack/react-router';
import { ArrowLeftRight } from 'lucide-react';
import { type FormEvent, lazy, Suspense, useState } from 'react';
import { addressOfKey, type Comparison, compareJobs, shortKey } from '../../api/jobs.ts';
import { count, duration, percent } from '../../lib/format.ts';
import { DataTable } from '../../ui/data-table.tsx';
import { Empty, Pending } from '../../ui/feedback.tsx';
import { wordOf } from '../../ui/job-state.tsx';
import { RawValue } from '../../ui/json-tree.tsx';
import { Page } from '../../ui/page.tsx';
import { StateBadge } from '../../ui/states.tsx';
import { ItemsCompared } from './items-compared.tsx';

const route = getRouteApi('/inside/p/$project/compare');
const Progress = lazy(() => import('./progress.tsx'));

/** Two runs side by side: only what differs. */
export default function ComparePage() {
  const { project } = route.useParams();
  const { a, b, by } = route.useSearch();
  const navigate = useNavigate();
  const comparison = useQuery({
    queryKey: ['compare', project, a, b, by],
    queryFn: () => compareJobs({ params: { project }, query: { a: a ?? '', b: b ?? '', ...(by && { by }) } }),
    enabled: Boolean(a && b),
  });
  const go = (search: { a?: string; b?: string; by?: string }) =>
    void navigate({ to: '/p/$project/compare', params: { project }, search, replace: true });
  const { data } = comparison;
  return (
    <Page
      title="Compare two runs"
      actions={
        a &&
        b && (
          <button type="button" className="button" onClick={() => go({ a: b, b: a, ...(by && { by }) })}>
            <ArrowLeftRight size={14} /> Swap
          </button>
        )
      }
    >
      <Pick key={`${a} ${b}`} a={a ?? ''} b={b ?? ''} onPick={(one, other) => go({ a: one, b: other })} />
      {!(a && b) && (
        <Empty title="Which two?">
          <p>Name two jobs such as 1/7 and 1/9, or select two in the list of jobs and press Compare.</p>
        </Empty>
      )}
      {a && b && <Pending query={comparison} />}
      {data && (
        <>
          <Heads comparison={data} project={project} />
          <Inputs comparison={data} />
          <section className="panel">
            <div className="title">
              <h2>Items over time</h2>
            </div>
            <Suspense fallback={null}>
              <Progress progress={data.progress} names={[shortKey(data.a.key), shortKey(data.b.key)]} />
            </Suspense>
          </section>
          <div className="columns">
            <Coverage comparison={data} />
            <Errors comparison={data} />
          </div>
          <Stats comparison={data} />
          <ItemsCompared
            key={by}
            comparison={data}
            by={by}
            onBy={(field) => go({ a, b, ...(field && { by: field }) } as { a: string; b: string })}
          />
        </>
      )}
    </Page>
  );
}

function Pick({ a, b, onPick }: { a: string; b: string; onPick: (a: string, b: string) => void }) {
  const [one, setOne] = useState(a);
  const [other, setOther] = useState(b);
  function submit(event: FormEvent) {
    event.preventDefault();
    onPick(one.trim(), other.trim());
  }
  return (
    <form className="row" onSubmit={submit}>
      <input
        className="input mono"
        aria-label="First job"
        placeholder="1/7"
        required
        value={one}
        onChange={(event) => setOne(event.target.value)}
      />
      <span className="dim">and</span>
      <input
        className="input mono"
        aria-label="Second job"
        placeholder="1/9"
        required
        value={other}
        onChange={(event) => setOther(event.target.value)}
      />
      <button type="submit" className="button">
        Compare
      </button>
    </form>
  );
}

type Part = { comparison: Comparison };

function Heads({ comparison: { a, b }, project }: Part & { project: number }) {
  return (
    <section className="region" aria-label="Both runs">
      <table className="table">
        <thead>
          <tr>
            <th>Job</th>
            <th>Spider</th>
            <th>State</th>
            <th className="number">Items</th>
            <th className="number">Pages</th>
            <th className="number">Errors</th>
            <th className="number">Run time</th>
            <th>Version</th>
          </tr>
        </thead>
        <tbody>
          {[a, b].map((job, i) => {
            const { spider, job: number } = addressOfKey(job.key);
            return (
              <tr key={i === 0 ? 'a' : 'b'}>
                <td>
                  <Link
                    to="/p/$project/$spider/$job"
                    params={{ project, spider: String(spider), job: number }}
                    className="hit mono"
                  >
                    {shortKey(job.key)}
                  </Link>
                </td>
                <td>{job.spider}</td>
                <td>
                  <StateBadge state={wordOf(job)} title={job.closeReason ?? undefined} />
                </td>
                <td className="number">{count(job.items)}</td>
                <td className="number">{count(job.pages)}</td>
                <td className="number">{count(job.errors)}</td>
                <td className="number">{duration(job.seconds === null ? null : job.seconds * 1000)}</td>
                <td>{job.version ?? '–'}</td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </section>
  );
}

function Inputs({ comparison: { a: first, b: second, facts, args, settings, environment } }: Part) {
  const rows = [
    ...facts.map((row) => ({ ...row, kind: 'job' })),
    ...args.map((row) => ({ ...row, kind: 'argument' })),
    ...settings.map((row) => ({ ...row, kind: 'setting' })),
    ...environment.map((row) => ({ ...row, kind: 'variable' })),
  ];
  return (
    <section className="panel" aria-label="What they were started with">
      <div className="title">
        <h2>Started with</h2>
        {rows.length === 0 && <span className="dim">the same, both of them</span>}
      </div>
      {rows.length > 0 && (
        <table className="table">
          <thead>
            <tr>
              <th>Kind</th>
              <th>Name</th>
              <th>{shortKey(first.key)}</th>
              <th>{shortKey(second.key)}</th>
            </tr>
          </thead>
          <tbody>
            {rows.map(({ kind, name, a, b }) => (
              <tr key={`${kind} ${name}`}>
                <td className="dim">{kind}</td>
                <td className="mono strong">{name}</td>
                {[a, b].map((text, i) => (
                  <td key={i === 0 ? 'a' : 'b'} className="mono wrap">
                    <Value text={text} isPlain={kind !== 'setting'} />
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </section>
  );
}

function Value({ text, isPlain = false }: { text: string | null; isPlain?: boolean }) {
  if (text === null) return <span className="dim">not there</span>;
  return isPlain ? text : <RawValue text={text} />;
}

function Coverage({ comparison: { a: first, b: second, coverage } }: Part) {
  const share = (value: number | null) => (value === null ? '–' : percent(value));
  return (
    <section className="panel" aria-label="Fields of items">
      <div className="title">
        <h2>Fields</h2>
      </div>
      {coverage.length === 0 && <p className="content dim">Neither has items.</p>}
      <table className="table">
        {coverage.length > 0 && <PairHead name="Field" keys={[first.key, second.key]} />}
        <tbody>
          {coverage.map(({ name, a, b }) => {
            const isOdd = Math.abs((a ?? 0) - (b ?? 0)) > 0.05;
            return (
              <tr key={name}>
                <td className="mono">{name}</td>
                <td className="number">{share(a)}</td>
                <td className={isOdd ? 'number warned' : 'number'}>{share(b)}</td>
                <td className="small warned">
                  {(a ?? 0) > 0 && (b ?? 0) === 0 && 'lost'}
                  {(a ?? 0) === 0 && (b ?? 0) > 0 && 'new'}
                </td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </section>
  );
}

function PairHead({ name, keys }: { name: string; keys: readonly string[] }) {
  return (
    <thead>
      <tr>
        <th>{name}</th>
        {keys.map((key, i) => (
          <th key={i === 0 ? 'a' : 'b'} className="number">
            {shortKey(key)}
          </th>
        ))}
        <th aria-label="What differs" />
      </tr>
    </thead>
  );
}

function Errors({ comparison: { a: first, b: second, errors } }: Part) {
  return (
    <section className="panel" aria-label="Errors">
      <div className="title">
        <h2>Errors</h2>
      </div>
      {errors.length === 0 && <p className="content dim">Neither has any.</p>}
      <table className="table">
        {errors.length > 0 && <PairHead name="Error" keys={[first.key, second.key]} />}
        <tbody>
          {errors.map(({ shape, a, b }) => (
            <tr key={shape}>
              <td className="mono wrap anywhere">{shape}</td>
              <td className="number">{count(a)}</td>
              <td className="number">{count(b)}</td>
              <td className="small dim">
                {a === 0 ? 'only in the second' : b === 0 ? 'only in the first' : 'both'}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

type Stat = Comparison['stats'][number];

function Stats({ comparison }: Part) {
  const { stats, a, b } = comparison;
  if (stats.length === 0) return null;
  return (
    <section className="stack tight">
      <h2>Stats that differ</h2>
      <DataTable<Stat>
        label="Stats that differ"
        rows={stats}
        keyOf={({ name }) => name}
        reserve={500}
        columns={[
          { id: 'name', head: 'Name', cell: ({ name }) => <span className="mono">{name}</span> },
          { id: 'a', head: shortKey(a.key), isNumber: true, cell: (row) => <Value text={row.a} /> },
          { id: 'b', head: shortKey(b.key), isNumber: true, cell: (row) => <Value text={row.b} /> },
          {
            id: 'change',
            head: 'Change',
            isNumber: true,
            cell: ({ change }) =>
              change === null ? '–' : `${change >= 0 ? '+' : '−'}${percent(Math.abs(change))}`,
          },
          { id: 'rest', head: '', isWide: true, cell: () => null },
        ]}
      />
    </section>
  );
}
