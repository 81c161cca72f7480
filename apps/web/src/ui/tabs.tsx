import { useLocation } from '@tanstack/react-router';
import { type ReactNode, type RefObject, useEffect, useRef } from 'react';

/** For a list of links that is wider than a narrow screen: where one is stays in sight. */
export function useCurrentInSight<E extends HTMLElement>(): RefObject<E | null> {
  const ref = useRef<E>(null);
  const { href } = useLocation();
  // biome-ignore lint/correctness/useExhaustiveDependencies: another address is another place in the list
  useEffect(() => {
    const box = ref.current;
    const here = box?.querySelector('[aria-current]')?.getBoundingClientRect();
    if (!box || !here) return;
    const { left, right } = box.getBoundingClientRect();
    if (here.left < left) box.scrollLeft -= left - here.left;
    else if (here.right > right) box.scrollLeft += here.right - right;
  }, [href]);
  return ref;
}

/** Parts of a screen, each with an address of its own. */
export function Tabs({ label, children }: { label: string; children: ReactNode }) {
  return (
    <nav ref={useCurrentInSight()} className="tabs" aria-label={label}>
      {children}
    </nav>
  );
}
