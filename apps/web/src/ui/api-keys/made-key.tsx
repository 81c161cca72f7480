import { useQuery } from '@tanstack/react-query';
import type { MadeKey } from '../../api/keys.ts';
import { projectsQuery } from '../../lib/me.ts';
import { ClientLines } from '../client-lines.tsx';
import { CommandLine } from '../command-line.tsx';

interface KeyLinesProps {
  made: MadeKey;
  /** A project that the lines name; without it the first that the caller reaches. */
  example?: number | undefined;
}

/** A key, this one time, and how programs use it. */
export function KeyLines({ made: { apiKey, key }, example }: KeyLinesProps) {
  const projects = useQuery({ ...projectsQuery, enabled: example === undefined });
  const project = example ?? key.projects?.[0] ?? projects.data?.projects[0]?.id;
  return (
    <div className="body stack">
      <p className="note warn">
        This is the only time that <bdi className="strong">{key.name}</bdi> is shown: keep it where you keep
        passwords. Whoever has it can use it.
      </p>
      <CommandLine text={apiKey} label="Copy the key" />
      <ClientLines project={project} apiKey={apiKey} />
    </div>
  );
}
