import type { ReactNode } from 'react';

/** What scrolls by itself, a wide table on a narrow screen say: it has a name, and is reached and scrolled by keys. */
export function Region({ label, children }: { label: string; children: ReactNode }) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: see above
    <section className="region" aria-label={label} tabIndex={0}>
      {children}
    </section>
  );
}
