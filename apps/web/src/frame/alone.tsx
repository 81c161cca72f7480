import { type ErrorComponentProps, Link, Outlet, useRouter } from '@tanstack/react-router';
import { ApiError } from '../api/client.ts';
import { loadAgain, PartMissing } from '../lib/new-page.ts';
import { ErrorPanel, messageOf } from '../ui/feedback.tsx';
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
  const router = useRouter();
  const isKnown = error instanceof ApiError || error instanceof PartMissing;
  return (
    <div className="page narrow">
      <h1>This page could not be shown</h1>
      <ErrorPanel
        error={isKnown ? error : new Error('The page itself has a fault here')}
        retry={() => {
          reset();
          void router.invalidate();
          void loadAgain();
        }}
      />
      {!isKnown && (
        <details className="small dim">
          <summary>For whoever mends it</summary>
          <pre className="wrap">{messageOf(error)}</pre>
        </details>
      )}
    </div>
  );
}
