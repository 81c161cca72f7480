import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Link, useRouter } from '@tanstack/react-router';
import { ChevronDown, Keyboard, Search, UserRound } from 'lucide-react';
import { rememberCsrfToken } from '../api/client.ts';
import { type Me, signOut } from '../api/session.ts';
import { projectsQuery, useProject } from '../lib/me.ts';
import { type Preferences, setPreference, usePreferences } from '../lib/preferences.ts';
import { Menu, MenuChoice, MenuItem, MenuRule } from '../ui/menu.tsx';
import { toastError } from '../ui/toasts.tsx';
import { Brand } from './alone.tsx';
import { LiveDot } from './live-dot.tsx';

interface TopBarProps {
  project: number | undefined;
  me: Me | undefined;
  onSearch: () => void;
  onKeys: () => void;
}

export function TopBar({ project, me, onSearch, onKeys }: TopBarProps) {
  return (
    <header className="top">
      <Brand />
      {project !== undefined && <ProjectMenu project={project} />}
      <button
        type="button"
        className="searchbox"
        onClick={onSearch}
        aria-label="Search spiders, jobs, pages"
        aria-keyshortcuts="/"
      >
        <Search size={14} aria-hidden="true" />
        <span>Search spiders, jobs, pages</span>
        <kbd>/</kbd>
      </button>
      <LiveDot />
      <button type="button" className="button quiet icon" onClick={onKeys} aria-label="Keys" title="Keys (?)">
        <Keyboard size={16} />
      </button>
      <UserMenu me={me} />
    </header>
  );
}

function ProjectMenu({ project }: { project: number }) {
  const { data } = useQuery(projectsQuery);
  const here = useProject(project);
  const others = (data?.projects ?? []).filter(({ id }) => id !== project);
  return (
    <>
      <span className="slash" aria-hidden="true">
        /
      </span>
      <Menu
        label={`Project ${here?.name ?? project}: choose another`}
        trigger={
          <span className="row tight" style={{ flexWrap: 'nowrap' }}>
            <span className="dim organisation cut">{here?.organisation.name}</span>
            <span className="dim organisation">/</span>
            <span className="strong cut" style={{ maxWidth: 'min(160px, 34vw)' }}>
              {here?.name ?? project}
            </span>
            <ChevronDown size={14} aria-hidden="true" />
          </span>
        }
      >
        {others.map(({ id, name, organisation }) => (
          <MenuItem key={id} render={<Link to="/p/$project" params={{ project: id }} />}>
            <span className="grow cut">{name}</span>
            <span className="dim small cut">{organisation.name}</span>
          </MenuItem>
        ))}
        {others.length > 0 && <MenuRule />}
        <MenuItem render={<Link to="/" />}>All projects</MenuItem>
      </Menu>
    </>
  );
}

const THEMES = [
  ['system', "Like the system's"],
  ['light', 'Light'],
  ['dark', 'Dark'],
] as const satisfies readonly (readonly [Preferences['theme'], string])[];
const ROWS = [
  ['compact', 'Compact'],
  ['normal', 'Normal'],
  ['comfortable', 'Comfortable'],
] as const satisfies readonly (readonly [Preferences['rows'], string])[];
const ZONES = [
  ['mine', 'Times of this browser'],
  ['utc', 'UTC'],
] as const satisfies readonly (readonly [Preferences['zone'], string])[];
const KEYS = [
  ['on', 'Single keys act'],
  ['off', 'Only with Ctrl'],
] as const;

function UserMenu({ me }: { me: Me | undefined }) {
  const { theme, rows, zone, keys } = usePreferences();
  const client = useQueryClient();
  const router = useRouter();
  const leaving = useMutation({
    mutationFn: () => signOut({}),
    onSuccess: async () => {
      rememberCsrfToken(null);
      await router.navigate({ to: '/sign-in' });
      client.clear();
    },
    onError: toastError,
  });
  return (
    <Menu label="You and this page" trigger={<UserRound size={16} />}>
      <div className="heading cut">{me?.name}</div>
      <MenuItem render={<Link to="/account" />}>Your account</MenuItem>
      {me?.staff && <MenuItem render={<Link to="/server" />}>Server</MenuItem>}
      <MenuRule />
      <MenuChoice
        title="Theme"
        value={theme}
        choices={THEMES}
        onChange={(to) => setPreference('theme', to)}
      />
      <MenuChoice title="Rows" value={rows} choices={ROWS} onChange={(to) => setPreference('rows', to)} />
      <MenuChoice title="Times" value={zone} choices={ZONES} onChange={(to) => setPreference('zone', to)} />
      <MenuChoice
        title="Keys"
        value={keys ? 'on' : 'off'}
        choices={KEYS}
        onChange={(to) => setPreference('keys', to === 'on')}
      />
      <MenuRule />
      <MenuItem onSelect={() => leaving.mutate()}>Sign out</MenuItem>
    </Menu>
  );
}
