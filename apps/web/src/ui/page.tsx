import { type ReactNode, useEffect, useRef } from 'react';
import { isolated } from '../lib/isolated.ts';

interface PageProps {
  title: string;
  /** Beside the title. */
  facts?: ReactNode;
  /** At the right, the most important last. */
  actions?: ReactNode;
  narrow?: boolean;
  children: ReactNode;
}

/** A screen: its title becomes the window's, and gets the focus when one comes to it. */
export function Page({ title, facts, actions, narrow = false, children }: PageProps) {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    document.title = `${isolated(title)} · Spiderhub`;
  }, [title]);
  // The router's own way would also scroll logs and tables back whenever the address changes.
  useEffect(() => {
    window.scrollTo({ top: 0 });
  }, []);
  useEffect(() => {
    // Not at the very first page, where the browser's own place is the right one.
    if (document.activeElement !== document.body || history.length <= 1) return;
    heading.current?.focus({ preventScroll: true });
  }, []);
  return (
    <div className={narrow ? 'page narrow' : 'page'}>
      <div className="page-head">
        <h1 ref={heading} tabIndex={-1} className="anywhere">
          {title}
        </h1>
        {facts}
        {actions && <div className="row push">{actions}</div>}
      </div>
      {children}
    </div>
  );
}
