import { useQuery } from '@tanstack/react-query';
import { getRouteApi, useNavigate } from '@tanstack/react-router';
import { Download } from 'lucide-react';
import { useState } from 'react';
import {
  type Coverage,
  downloadAddress,
  type Item,
  type JobAddress,
  readCoverage,
  readItems,
} from '../../../api/jobs.ts';
import { bytes, count, percent } from '../../../lib/format.ts';
import { useWhileItComesOn } from '../../../lib/live/follow.ts';
import { usePollWithoutStream } from '../../../lib/live/liveness.ts';
import { useTail } from '../../../lib/live/tails.ts';
import { Empty, Pending } from '../../../ui/feedback.tsx';
import { RawValue } from '../../../ui/json-tree.tsx';
import { Menu, MenuDownload } from '../../../ui/menu.tsx';
import { RecordWindow } from '../../../ui/record-window.tsx';
import type { TabProps } from '../job-page.tsx';
import { FieldDialog } from './field-dialog.tsx';
import { ItemDialog } from './item-dialog.tsx';

const route = getRouteApi('/inside/p/$project/$spider/$job');
const ROW = 28;
const MAX_COLUMNS = 12;
/** Items that tell which columns hold numbers. */
const FIRST = 10;
const EVERY_MS = 2000;

/** What it brought home: how full each field is, and the items themselves, every value to the letter. */
export default function ItemsTab({ job, address, attempt }: TabProps) {
  const { item } = route.useSearch();
  const navigate = useNavigate();
  const [current, setCurrent] = useState<number | null>(null);
  const [field, showField] = useState<string | null>(null);
  const key = ['job', address.project, address.spider, address.job] as const;
  const coverage = useQuery({
    queryKey: [...key, 'coverage', job.state],
    queryFn: () => readCoverage({ params: { ...address } }),
  });
  useWhileItComesOn(job.key, coverage.refetch, EVERY_MS);
  const isRunning = job.state === 'running' && attempt === undefined;
  const attemptOf = attempt === undefined ? {} : { attempt };
  const poll = usePollWithoutStream(EVERY_MS);
  const first = useQuery({
    queryKey: [...key, 'items', attempt ?? job.attempt, 'end', job.state],
    queryFn: () => readItems({ params: { ...address }, query: { limit: FIRST, ...attemptOf } }),
    refetchInterval: isRunning ? poll : false,
  });
  const told = useTail(job.key, 'items', attempt ?? job.attempt);
  const open = (n: number | undefined) =>
    void navigate({
      to: '/p/$project/$spider/$job',
      params: { project: address.project, spider: String(address.spider), job: address.job },
      search: { tab: 'items', ...attemptOf, ...(n !== undefined && { item: n }) },
      replace: true,
    });
  if (!first.data) return <Pending query={first} />;
  const end = Math.max(first.data.end, told);
  if (end === 0) return <NoItems isRunning={isRunning} />;
  const fields = coverage.data?.fields ?? [];
  const names = fields.filter(({ count: has }) => has > 0).map(({ name }) => name);
  const shown = (
    names.length > 0 ? names : (first.data.items[0]?.fields ?? []).map(({ name }) => name)
  ).slice(0, MAX_COLUMNS);
  const grid = { gridTemplateColumns: `72px repeat(${shown.length}, minmax(120px, 1fr))` };
  const columns = { names: shown, numeric: numericOf(first.data.items), grid };
  return (
    <div className="beside">
      <Fields coverage={coverage.data} onField={showField} />
      <div className="stack tight">
        <div className="row apart">
          <span className="dim">
            {count(end)} items{coverage.data && `, ${bytes(coverage.data.bytes)}`}
            {names.length > shown.length && `; ${shown.length} of ${names.length} fields shown`}
          </span>
          <Downloads address={address} />
        </div>
        <RecordWindow<Item>
          label="Items"
          queryKey={[...key, 'items', attempt ?? job.attempt]}
          end={end}
          rowHeight={ROW}
          reserve={350}
          current={current}
          onCurrent={setCurrent}
          onOpen={open}
          load={async (from, limit, signal) => {
            const query = { from, limit, ...attemptOf };
            return (await readItems({ params: { ...address }, query }, { signal })).items;
          }}
          head={<Heads {...columns} />}
          render={(record, n) => <ItemRow record={record} n={n} {...columns} onOpen={() => open(n)} />}
        />
      </div>
      {item !== undefined && (
        <ItemDialog address={address} attempt={attempt} n={item} end={end} onGo={open} />
      )}
      {field !== null && (
        <FieldDialog address={address} attempt={attempt} name={field} onClose={() => showField(null)} />
      )}
    </div>
  );
}

function Downloads({ address }: { address: JobAddress }) {
  return (
    <Menu
      label="Download items"
      trigger={
        <>
          <Download size={14} /> Download
        </>
      }
    >
      {(['csv', 'jl', 'json', 'xml'] as const).map((format) => (
        <MenuDownload key={format} href={downloadAddress(address, 'items', format)}>
          {format === 'jl' ? 'JSON lines' : format.toUpperCase()}
        </MenuDownload>
      ))}
    </Menu>
  );
}

const NUMBER = /^-?(\d|NaN|Infinity)/;

/** Fields that hold numbers and nothing else, as far as the first items say: their digits stand below each other. */
function numericOf(items: readonly Item[]): ReadonlySet<string> {
  const fields = items.flatMap((item) => item.fields);
  const others = new Set(fields.filter(({ text }) => !NUMBER.test(text)).map(({ name }) => name));
  return new Set(fields.map(({ name }) => name).filter((name) => !others.has(name)));
}

interface HeadsProps {
  names: readonly string[];
  numeric: ReadonlySet<string>;
  grid: React.CSSProperties;
}

function Heads({ names, numeric, grid }: HeadsProps) {
  return (
    <div className="grid-head" style={grid}>
      <span className="number">#</span>
      {names.map((name) => (
        <span key={name} className={numeric.has(name) ? 'cut mono number' : 'cut mono'} title={name}>
          {name}
        </span>
      ))}
    </div>
  );
}

interface ItemRowProps {
  record: Item | undefined;
  n: number;
  names: readonly string[];
  numeric: ReadonlySet<string>;
  grid: React.CSSProperties;
  onOpen: () => void;
}

const CELL = 200;

function ItemRow({ record, n, names, numeric, grid, onOpen }: ItemRowProps) {
  const values = new Map(record?.fields.map((field) => [field.name, field.text]));
  return (
    <div className="grid-row" style={grid}>
      <button type="button" className="link-button number" onClick={onOpen} aria-label={`Open item ${n}`}>
        {n}
      </button>
      {names.map((name) => {
        const text = values.get(name);
        return (
          <span key={name} className={numeric.has(name) ? 'cut number' : 'cut'}>
            {text === undefined ? <span className="dim">–</span> : <RawValue text={text.slice(0, CELL)} />}
          </span>
        );
      })}
    </div>
  );
}

interface FieldsProps {
  coverage: Coverage | undefined;
  onField: (name: string) => void;
}

const ODD = 0.05;

/** Each field with how many items have it, and how many usually do. */
function Fields({ coverage, onField }: FieldsProps) {
  return (
    <section className="panel fields" aria-label="Fields">
      <div className="title">
        <h2>Fields</h2>
        <span className="dim push">{coverage && count(coverage.fields.length)}</span>
      </div>
      <ul>
        {coverage?.fields.map(({ name, share, usual }) => {
          const isOdd = usual !== null && Math.abs(share - usual) > ODD;
          return (
            <li key={name}>
              <button type="button" className="field-button" onClick={() => onField(name)}>
                <span className="mono cut">{name}</span>
                <span className={isOdd ? 'number warned' : 'number'}>{percent(share)}</span>
                <span className="bar" aria-hidden="true">
                  <span style={{ width: `${share * 100}%` }} />
                </span>
                {isOdd && (
                  <span className="small warned usual">
                    {share === 0 ? 'lost, ' : ''}usually {percent(usual)}
                  </span>
                )}
              </button>
            </li>
          );
        })}
      </ul>
    </section>
  );
}

function NoItems({ isRunning }: { isRunning: boolean }) {
  return (
    <Empty title="No items">
      <p>
        {isRunning
          ? 'Its first items come soon.'
          : 'This run brought nothing home. Its log says what it did.'}
      </p>
    </Empty>
  );
}
