import { useQueryClient } from '@tanstack/react-query';
import { Outlet, useNavigate, useParams } from '@tanstack/react-router';
import { lazy, Suspense, useState } from 'react';
import { useKeys } from '../lib/keys.ts';
import { connection } from '../lib/live/connection.ts';
import { useLive, useWatchedProject } from '../lib/live/follow.ts';
import { useMe } from '../lib/me.ts';
import { askToRun, useRunRequest } from '../lib/run-request.ts';
import { Toasts } from '../ui/toasts.tsx';
import { KeyHelp } from './key-help.tsx';
import { NavigationOfProject } from './navigation.tsx';
import { Palette } from './palette.tsx';
import { SessionGone } from './session-gone.tsx';
import { TopBar } from './top-bar.tsx';

const RunDialog = lazy(() => import('../ui/run/run-dialog.tsx'));

/** What stays while the screens change: where one is, where one can go, who one is. */
export function Frame() {
  const { project } = useParams({ strict: false });
  const me = useMe();
  const client = useQueryClient();
  const navigate = useNavigate();
  const [open, setOpen] = useState<'palette' | 'keys' | null>(null);
  const running = useRunRequest();
  useLive();
  useWatchedProject(project);
  useKeys([
    ...(project === undefined ? [] : [{ keys: 'r', what: 'Run a spider', run: () => askToRun({ project }) }]),
    { keys: 'mod+k', what: 'Search spiders, jobs, pages', run: () => setOpen('palette'), always: true },
    { keys: '/', what: 'Search', run: () => setOpen('palette') },
    { keys: '?', what: 'This list', run: () => setOpen('keys') },
    { keys: 'g h', what: 'Go to all projects', run: () => void navigate({ to: '/' }) },
  ]);
  return (
    <>
      <a href="#main" className="skip">
        Skip to the content
      </a>
      <div className={project === undefined ? 'frame alone' : 'frame'}>
        <TopBar
          project={project}
          me={me}
          onSearch={() => setOpen('palette')}
          onKeys={() => setOpen('keys')}
        />
        {project !== undefined && <NavigationOfProject project={project} />}
        <main id="main" className="main" tabIndex={-1}>
          <Outlet />
        </main>
      </div>
      <Palette open={open === 'palette'} onClose={() => setOpen(null)} project={project} />
      {running && (
        <Suspense fallback={null}>
          <RunDialog key={`${running.project} ${running.spider} ${running.again}`} request={running} />
        </Suspense>
      )}
      <KeyHelp open={open === 'keys'} onClose={() => setOpen(null)} />
      <SessionGone
        name={me?.name}
        onBack={() => {
          void client.invalidateQueries();
          connection.reconnect();
        }}
      />
      <Toasts />
    </>
  );
}
