import { useQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { type KeyboardEvent, useState } from 'react';
import { addressOfKey, shortKey } from '../api/jobs.ts';
import { search } from '../api/spiders.ts';
import { projectsQuery } from '../lib/me.ts';
import { Dialog } from '../ui/dialog.tsx';
import { PLACES } from './navigation.tsx';

interface Hit {
  id: string;
  name: string;
  kind: string;
  go: () => unknown;
}

interface PaletteProps {
  open: boolean;
  onClose: () => void;
  project: number | undefined;
}

const MAX_HITS = 30;
/** Parts of screens that people look for by their own name. */
const PARTS = [
  { to: '/p/$project/settings/keys', name: 'Keys of the project' },
  { to: '/p/$project/settings/variables', name: 'Variables and settings' },
  { to: '/p/$project/settings/limits', name: 'Limits and usage' },
  { to: '/p/$project/settings/audit', name: 'Audit log' },
] as const;

/** One box for all that has a name: screens, projects, spiders, jobs by their key. */
export function Palette({ open, onClose, project }: PaletteProps) {
  return (
    <Dialog open={open} onClose={onClose} title="Search">
      {open && <Search project={project} onClose={onClose} />}
    </Dialog>
  );
}

function Search({ project, onClose }: Omit<PaletteProps, 'open'>) {
  const [text, setText] = useState('');
  const [chosen, choose] = useState(0);
  const hits = useHits(text, project);
  function take(hit: Hit | undefined) {
    if (!hit) return;
    onClose();
    hit.go();
  }
  function onKey(event: KeyboardEvent) {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (event.key === 'Enter') take(hits[chosen]);
    else if (step === undefined) return;
    else choose((chosen + step + hits.length) % Math.max(hits.length, 1));
    event.preventDefault();
  }
  return (
    <div className="body stack tight">
      <input
        className="input"
        style={{ height: 36 }}
        // It was opened to type into it.
        // biome-ignore lint/a11y/noAutofocus: a dialog's first field
        autoFocus
        role="combobox"
        aria-expanded="true"
        aria-controls="palette-hits"
        aria-activedescendant={hits[chosen] ? `hit-${chosen}` : undefined}
        aria-label="Search spiders, jobs, pages"
        placeholder={project === undefined ? 'A project or a page' : 'A spider, a job such as 1/7, a page'}
        value={text}
        onChange={(event) => {
          setText(event.target.value);
          choose(0);
        }}
        onKeyDown={onKey}
      />
      <div id="palette-hits" role="listbox" aria-label="Found" className="stack tight" tabIndex={-1}>
        {hits.map((hit, i) => (
          // biome-ignore lint/a11y/useKeyWithClickEvents lint/a11y/useFocusableInteractive: the box has the keys
          <div
            key={hit.id}
            id={`hit-${i}`}
            role="option"
            aria-selected={i === chosen}
            className={i === chosen ? 'hit chosen' : 'hit'}
            onClick={() => take(hit)}
            onMouseMove={() => choose(i)}
          >
            <span className="grow cut">{hit.name}</span>
            <span className="dim small">{hit.kind}</span>
          </div>
        ))}
      </div>
      {hits.length === 0 && <p className="dim">Nothing is called like that.</p>}
    </div>
  );
}

function useHits(text: string, project: number | undefined): Hit[] {
  const navigate = useNavigate();
  const projects = useQuery(projectsQuery).data?.projects ?? [];
  const words = text.trim().toLowerCase();
  const found = useFound(text.trim(), project);
  const pages: Hit[] =
    project === undefined
      ? []
      : [...PLACES, ...PARTS].map(({ to, name }) => ({
          id: to,
          name,
          kind: 'page',
          go: () => navigate({ to, params: { project } }),
        }));
  const all: Hit[] = [
    ...pages,
    ...projects.map(({ id, name, organisation }) => ({
      id: `project-${id}`,
      name,
      kind: `project of ${organisation.name}`,
      go: () => navigate({ to: '/p/$project', params: { project: id } }),
    })),
    { id: 'projects', name: 'All projects', kind: 'page', go: () => navigate({ to: '/' }) },
    { id: 'account', name: 'Your account and keys', kind: 'page', go: () => navigate({ to: '/account' }) },
  ];
  const named = all.filter(({ name }) => name.toLowerCase().includes(words));
  return [...found, ...named].slice(0, MAX_HITS);
}

/** What the service knows by a text: spiders, jobs, tags. */
function useFound(text: string, project: number | undefined): Hit[] {
  const navigate = useNavigate();
  const { data } = useQuery({
    queryKey: ['search', project, text],
    queryFn: ({ signal }) => search({ params: { project: project ?? 0 }, query: { q: text } }, { signal }),
    enabled: project !== undefined && text !== '',
    retry: false,
  });
  if (!data || project === undefined || text === '') return [];
  return [
    ...data.jobs.map(({ key, spider, state }) => {
      const { spider: number, job } = addressOfKey(key);
      const params = { project, spider: String(number), job };
      return {
        id: `job-${key}`,
        name: `${shortKey(key)} ${spider}`,
        kind: `job, ${state}`,
        go: () => navigate({ to: '/p/$project/$spider/$job', params }),
      };
    }),
    ...data.spiders.map(({ number, name }) => ({
      id: `spider-${number}`,
      name,
      kind: 'spider',
      go: () => navigate({ to: '/p/$project/spiders/$spider', params: { project, spider: String(number) } }),
    })),
    ...data.tags.map((tag) => ({
      id: `tag-${tag}`,
      name: tag,
      kind: 'jobs with this tag',
      go: () =>
        navigate({
          to: '/p/$project/jobs',
          params: { project },
          search: { q: `tag:${/\s/.test(tag) ? `"${tag}"` : tag}` },
        }),
    })),
  ];
}
