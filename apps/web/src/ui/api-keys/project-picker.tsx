import { useQuery } from '@tanstack/react-query';
import { isolated } from '../../lib/isolated.ts';
import { projectsQuery } from '../../lib/me.ts';
import { Ticks } from './ticks.tsx';

interface ProjectPickerProps {
  /** Null: all that the user reaches, now and later. */
  projects: number[] | null;
  onChange: (projects: number[] | null) => void;
  problem: string | undefined;
}

/** Where a key of one's own is good. */
export function ProjectPicker({ projects, onChange, problem }: ProjectPickerProps) {
  const { data } = useQuery(projectsQuery);
  const list = data?.projects ?? [];
  return (
    <fieldset className="rows">
      <legend className="label">Where</legend>
      <div className="chips">
        <button
          type="button"
          className="chip"
          aria-pressed={projects === null}
          onClick={() => onChange(null)}
        >
          Everywhere
        </button>
        <button
          type="button"
          className="chip"
          aria-pressed={projects !== null}
          disabled={list.length === 0}
          onClick={() => onChange(list.slice(0, 1).map(({ id }) => id))}
        >
          In some projects
        </button>
      </div>
      {problem && <div className="small bad">{problem}</div>}
      {projects !== null && (
        <Ticks
          title="Projects"
          choices={list.map(({ id, name, organisation }) => [
            id,
            `${isolated(name)} (${id})`,
            organisation.name,
          ])}
          chosen={projects}
          onChange={(chosen) => onChange(chosen.length > 0 ? chosen : null)}
        />
      )}
    </fieldset>
  );
}
