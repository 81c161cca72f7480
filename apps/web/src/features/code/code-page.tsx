import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import { Upload } from 'lucide-react';
import { type DragEvent, useRef, useState } from 'react';
import { deleteVersion, listVersions, type Version } from '../../api/versions.ts';
import { bytes, count } from '../../lib/format.ts';
import { isolated } from '../../lib/isolated.ts';
import { mayNot, useProject } from '../../lib/me.ts';
import { CommandLine } from '../../ui/command-line.tsx';
import { type Column, DataTable } from '../../ui/data-table.tsx';
import { Empty, Pending } from '../../ui/feedback.tsx';
import { Page } from '../../ui/page.tsx';
import { Ago } from '../../ui/time.tsx';
import { toast, toastError } from '../../ui/toasts.tsx';
import { DeployDialog } from './deploy-dialog.tsx';
import { UseDialog } from './use-dialog.tsx';

const route = getRouteApi('/inside/p/$project/code');

/** Deployed versions: drop an egg to add one, or go back to one that was. */
export default function CodePage() {
  const { project } = route.useParams();
  const role = useProject(project)?.role;
  const refusal = mayNot(role, 'develop');
  const client = useQueryClient();
  const picker = useRef<HTMLInputElement>(null);
  const [egg, setEgg] = useState<File | null>(null);
  const [isOver, setOver] = useState(false);
  const [using, use] = useState<Version | null>(null);
  const versions = useQuery({
    queryKey: ['versions', project],
    queryFn: () => listVersions({ params: { project } }),
  });
  const again = () => client.invalidateQueries({ queryKey: ['versions', project] });
  const remove = useDelete(project);
  function drop(event: DragEvent) {
    event.preventDefault();
    setOver(false);
    const [file] = event.dataTransfer.files;
    if (file && refusal === null) setEgg(file);
  }
  const list = versions.data?.versions;
  return (
    <Page
      title="Code"
      actions={
        <button
          type="button"
          className="button primary"
          disabled={refusal !== null}
          title={refusal ?? undefined}
          onClick={() => picker.current?.click()}
        >
          <Upload size={14} /> Deploy an egg
        </button>
      }
    >
      <input
        ref={picker}
        type="file"
        accept=".egg,.zip"
        hidden
        aria-label="Egg to deploy"
        onChange={(event) => {
          setEgg(event.target.files?.[0] ?? null);
          event.target.value = '';
        }}
      />
      {/* biome-ignore lint/a11y/noStaticElementInteractions: the button above does the same */}
      <div
        className={isOver ? 'drop over' : 'drop'}
        onDragOver={(event) => {
          event.preventDefault();
          setOver(true);
        }}
        onDragLeave={() => setOver(false)}
        onDrop={drop}
      >
        <Pending query={versions} />
        {list && <Versions project={project} list={list} columns={columnsOf({ refusal, use, remove })} />}
      </div>
      {egg && (
        <DeployDialog
          project={project}
          egg={egg}
          onClose={() => {
            setEgg(null);
            void again();
          }}
        />
      )}
      {using && <UseDialog project={project} version={using} onClose={() => use(null)} />}
    </Page>
  );
}

interface Acts {
  refusal: string | null;
  use: (version: Version) => void;
  remove: (name: string) => void;
}

function columnsOf({ refusal, use, remove }: Acts): Column<Version>[] {
  return [
    {
      id: 'name',
      head: 'Version',
      cell: ({ name, inUse }) => (
        <span className="row tight" style={{ flexWrap: 'nowrap' }}>
          <strong className="cut" style={{ maxWidth: 260 }} title={name}>
            {name}
          </strong>
          {inUse && <span className="tag good">in use</span>}
        </span>
      ),
    },
    { id: 'spiders', head: 'Spiders', isNumber: true, cell: ({ spiders }) => count(spiders) },
    {
      id: 'changes',
      head: 'Against the one before',
      isWide: true,
      cell: ({ changes }) => <Changes changes={changes} />,
    },
    { id: 'jobs', head: 'Active jobs', isNumber: true, cell: ({ activeJobs }) => count(activeJobs) },
    { id: 'stack', head: 'Stack', cell: ({ stack }) => stack ?? <span className="dim">current</span> },
    { id: 'size', head: 'Size', isNumber: true, cell: ({ size }) => bytes(size) },
    { id: 'by', head: 'By', cell: ({ deployedBy }) => deployedBy },
    { id: 'at', head: 'Deployed', isNumber: true, cell: ({ deployedAt }) => <Ago at={deployedAt} /> },
    {
      id: 'act',
      head: '',
      cell: (version) => (
        <span className="row tight" style={{ flexWrap: 'nowrap', justifyContent: 'flex-end' }}>
          {!version.inUse && (
            <button
              type="button"
              className="button quiet"
              disabled={refusal !== null}
              title={refusal ?? undefined}
              onClick={() => use(version)}
            >
              Use this
            </button>
          )}
          {!version.inUse && (
            <button
              type="button"
              className="button quiet danger"
              disabled={refusal !== null || version.activeJobs > 0}
              title={refusal ?? (version.activeJobs > 0 ? 'Jobs use it' : undefined)}
              onClick={() => remove(version.name)}
            >
              Delete
            </button>
          )}
        </span>
      ),
    },
  ];
}

function Changes({ changes }: { changes: Version['changes'] }) {
  if (!changes) return <span className="dim">the first one</span>;
  const { added, removed, requirements } = changes;
  const parts = [
    ...added.map((name) => ({ name: `+${name}`, kind: 'good' })),
    ...removed.map((name) => ({ name: `−${name}`, kind: 'bad' })),
    ...requirements.added.map((name) => ({ name: `requires ${name}`, kind: 'dim' })),
    ...requirements.removed.map((name) => ({ name: `no longer ${name}`, kind: 'dim' })),
  ];
  if (parts.length === 0) return <span className="dim">the same spiders</span>;
  return (
    <span
      className="row tight cut"
      style={{ maxWidth: 420 }}
      title={parts.map(({ name }) => name).join(', ')}
    >
      {parts.slice(0, 4).map(({ name, kind }) => (
        <span key={name} className={kind}>
          {name}
        </span>
      ))}
      {parts.length > 4 && <span className="dim">and {parts.length - 4} more</span>}
    </span>
  );
}

interface VersionsProps {
  project: number;
  list: readonly Version[];
  columns: readonly Column<Version>[];
}

function Versions({ project, list, columns }: VersionsProps) {
  if (list.length === 0) {
    return (
      <Empty title="Nothing is deployed yet">
        <p>Drop the egg of a Scrapy project here, or deploy from its folder:</p>
        <CommandLine
          text={`# ~/.scrapinghub.yml: endpoints: {default: "${location.origin}/api/"}, apikeys: {default: APIKEY}\nshub deploy ${project}`}
        />
      </Empty>
    );
  }
  return (
    <>
      <DataTable label="Versions" rows={list} keyOf={({ name }) => name} columns={columns} reserve={230} />
      <p className="dim small" style={{ marginTop: 8 }}>
        An egg that is dropped here is deployed.
      </p>
    </>
  );
}

function useDelete(project: number) {
  const client = useQueryClient();
  const deleting = useMutation({
    mutationFn: (version: string) => deleteVersion({ params: { project, version } }),
    onSuccess: (_done, version) => {
      toast(`Version ${isolated(version)} is deleted`);
      return client.invalidateQueries({ queryKey: ['versions', project] });
    },
    onError: toastError,
  });
  return (name: string) => deleting.mutate(name);
}
