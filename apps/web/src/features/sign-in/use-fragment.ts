import { useEffect, useState } from 'react';

/**
 * The secret part of a link, or why signing in elsewhere did not work. It stands behind the `#`, which is sent nowhere, and
 * is taken out of the address bar, so that it is in no history and no screenshot.
 */
export function useFragment(name: 'token' | 'error'): string | null {
  const [value] = useState(() => {
    const found = new URLSearchParams(location.hash.slice(1)).get(name);
    if (found !== null) history.replaceState(history.state, '', location.pathname + location.search);
    return found;
  });
  useEffect(() => {
    // A link that is pasted into the tab of this very page changes nothing but what stands behind the `#`.
    const look = () => {
      if (new URLSearchParams(location.hash.slice(1)).has(name)) location.reload();
    };
    window.addEventListener('hashchange', look);
    return () => window.removeEventListener('hashchange', look);
  }, [name]);
  return value;
}
