import { type ErrorComponentProps, Link, Outlet } from '@tanstack/react-router';
import { ErrorPanel } from '../ui/feedback.tsx';
import { Toasts } from '../ui/toasts.tsx';

/** Around what has nothing else beside it: signing in, taking an invitation. */
export function Alone() {
  return (
    <main className="alone-page">
      <div className="stack wide">
        <Brand />
        <Outlet />
      </div>
      <Toasts />
    </main>
  );
}

export function Brand() {
  return (
    <Link to="/" className="brand" aria-label="Spiderhub, all projects">
      <img src={new URL('../icon.svg', import.meta.url).href} alt="" />
      <span>Spiderhub</span>
    </Link>
  );
}

export function NotFound() {
  return (
    <div className="page narrow">
      <h1>There is no such page</h1>
      <p>What you look for was moved or deleted, or belongs to somebody else.</p>
      <p>
        <Link to="/">All projects</Link>
      </p>
    </div>
  );
}

export function PageFailed({ error, reset }: ErrorComponentProps) {
  return (
    <div className="page narrow">
      <h1>This page could not be shown</h1>
      <ErrorPanel
        error={error}
        retry={() => {
          reset();
          location.reload();
        }}
      />
    </div>
  );
}
